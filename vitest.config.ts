import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    silent: "passed-only",
    globalSetup: ["test/support/temporary-files.ts", "test/support/lab.ts"],
    projects: [
      {
        plugins: [
          cloudflareTest(({ inject }) => ({
            // The runtime logs a stack of its own for every connection that a test breaks. Uncaught errors are not lost with that
            // log: vitest reports rejections, and uncaught-errors.ts makes rejections of the others.
            verbose: false,
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: { EDGE_CACHE: "cache-api", LIBSQL_URL: `${inject("labUrl")}/main/` },
              // Not as DB, which would be the Worker's store: tests hand them over, see d1-store.ts.
              d1Databases: ["D1_1", "D1_2", "D1_3", "D1_4"],
            },
          })),
        ],
        test: {
          name: "worker",
          include: ["test/*.test.ts"],
          setupFiles: ["test/support/uncaught-errors.ts"],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "tools",
          // Files that pack the package write the same dist/, and those that measure times want the machine for themselves.
          fileParallelism: false,
          include: ["test/tools/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
