import { afterAll } from "vitest";

// What is thrown outside any promise, in an event listener for instance, is told by the runtime in its log alone. As a
// rejection, it fails the run. What a timer throws cannot be had: the runtime has no event for it.
const scope: EventTarget = self;
const reject = (event: Event) => {
  if (event instanceof ErrorEvent) void Promise.reject(event.error);
};
scope.addEventListener("error", reject);
// Files share a runtime, and each begins here.
afterAll(() => scope.removeEventListener("error", reject));
