import type {} from "vitest";

declare module "vitest" {
  /** What `lab.ts` hands to the tests. */
  interface ProvidedContext {
    labUrl: string;
    /** wrangler.toml, as wrangler reads it. */
    wranglerConfig: {
      cache: unknown;
      durable_objects: unknown;
      exports: Record<string, unknown>;
      triggers: unknown;
      vars: unknown;
    };
  }
}
