import { reset } from "cloudflare:test";
import { afterAll, beforeAll, vi } from "vitest";

// Files share a runtime: none finds in its caches and databases, its clock and its globals what another has left there.
beforeAll(() => reset());
afterAll(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});
