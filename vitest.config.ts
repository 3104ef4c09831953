import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

// Four rooms, each named for what its tests need. `npm test` is the first three, `npm run test:slow` the last.
export default defineConfig({
  test: {
    silent: "passed-only",
    globalSetup: ["test/support/temporary-files.ts", "test/support/lab.ts"],
    projects: [
      {
        // Node alone, in this process.
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // The Workers runtime.
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
          include: ["test/worker/**/*.test.ts"],
          setupFiles: ["test/support/uncaught-errors.ts"],
          testTimeout: 60_000,
        },
      },
      {
        // Workers that run as deployed, in wrangler's own harness.
        test: {
          name: "api",
          include: ["test/api/**/*.test.ts"],
          // One process for all files: the Workers start once, see harness.ts.
          pool: "forks",
          isolate: false,
          fileParallelism: false,
          // wrangler asks the network for what it puts into `request.cf`, and tells of itself.
          env: { CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_SEND_METRICS: "false", WRANGLER_LOG: "error" },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        // What is slow by nature: the package, the dev tool, browsers, kills, the real libSQL server, soaks.
        test: {
          name: "slow",
          sequence: { groupOrder: 2 },
          // Most of a file is waiting for processes to start.
          maxWorkers: 2,
          include: ["test/slow/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
