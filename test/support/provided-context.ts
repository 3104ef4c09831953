import type {} from "vitest";

declare module "vitest" {
  /** What `lab.ts` hands to the tests. */
  interface ProvidedContext {
    labUrl: string;
    /** Those of drizzle/, each split into its statements as wrangler does it. */
    migrations: { name: string; queries: string[] }[];
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
