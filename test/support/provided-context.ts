import type {} from "vitest";

declare module "vitest" {
  /** What `lab.ts` hands to the tests. */
  interface ProvidedContext {
    labUrl: string;
  }
}
