import { createD1Store } from "./d1-store.ts";
import { type AnyStore, createStore } from "./store.ts";

interface Engine {
  engine: "libSQL" | "D1";
  create: () => Promise<AnyStore>;
  /** Its fault that is no use trying again. */
  failure: string;
  /** Its fault that may be gone in a moment. */
  passingFailure: string;
}

/** What the Worker can have for a store, for `describe.each`. */
export const engines: Engine[] = [
  { engine: "libSQL", create: () => createStore(), failure: "500", passingFailure: "503" },
  { engine: "D1", create: createD1Store, failure: "fails", passingFailure: "is overloaded" },
];
