import type {} from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** How much of each property is tried, see `dose.ts`. Set by the project's configuration. */
    dose: { size: "small" | "large"; seed: number };
    /** This and what follows is handed over by `lab.ts`. */
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
