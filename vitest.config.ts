import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { QuickFileFirst } from "./test/support/quick-file-first.ts";

/** Of the properties in the slow room: SEED, to have a run again, or a new one. */
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

/** Of the model's histories in the slow room: MODEL_SEED, or the day's. */
const modelSeed = process.env.MODEL_SEED ?? String(Math.floor(Date.now() / 86_400_000));

/** Vitest would leave one core to itself, which is half of two. */
const maxWorkers = "100%";

/** Most of a slow file is waiting for processes to start, and to end. */
const slowWorkers = 3;

/** The Workers runtime. Files share one for each core, so a file leaves nothing behind: see test/support/clean-runtime.ts. */
const workersRuntime = {
  plugins: [
    cloudflareTest(({ inject }) => ({
      // The runtime logs a stack of its own for every connection that a test breaks. Uncaught errors are not lost with that
      // log: vitest reports rejections, and uncaught-errors.ts makes rejections of the others.
      verbose: false,
      wrangler: { configPath: "./wrangler.toml" },
      miniflare: {
        // This is read once for each runtime, so that each has a store of its own.
        bindings: { EDGE_CACHE: "cache-api", LIBSQL_URL: `${inject("labUrl")}/${crypto.randomUUID()}/` },
        // Tests hand them over as DB, see d1-store.ts.
        d1Databases: ["D1_1", "D1_2", "D1_3", "D1_4"],
      },
    })),
  ],
  test: {
    maxWorkers,
    isolate: false,
    setupFiles: ["test/support/uncaught-errors.ts", "test/support/clean-runtime.ts"],
  },
};

// Four rooms, each named for what its tests need. `npm test` is the first three, `npm run test:slow` the last two projects.
// Groups run one after the other.
export default defineConfig({
  test: {
    silent: "passed-only",
    sequence: { sequencer: QuickFileFirst },
    globalSetup: ["test/support/temporary-files.ts", "test/support/global-setup.ts"],
    projects: [
      {
        // Node alone. Files share a process for each core, so a file leaves nothing behind.
        test: {
          name: "unit",
          maxWorkers,
          isolate: false,
          include: ["test/unit/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...workersRuntime,
        test: {
          ...workersRuntime.test,
          name: "worker",
          include: ["test/worker/**/*.test.ts"],
          provide: { dose: { size: "small", seed: 1 } },
          testTimeout: 180_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Workers that run as deployed, in wrangler's own harness.
        test: {
          name: "api",
          include: ["test/api/**/*.test.ts"],
          // A process for each core: the Workers start once in each, see harness.ts.
          pool: "forks",
          isolate: false,
          maxWorkers,
          // wrangler asks the network for what it puts into `request.cf`, and tells of itself.
          env: { CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_SEND_METRICS: "false", WRANGLER_LOG: "error" },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        // The properties of the worker room, tried far more often.
        ...workersRuntime,
        test: {
          ...workersRuntime.test,
          name: "slow properties",
          maxWorkers: slowWorkers,
          sequence: { groupOrder: 1 },
          include: ["test/worker/{*properties,hostile-requests,jwt}.test.ts"],
          provide: { dose: { size: "large", seed } },
          testTimeout: 600_000,
          hookTimeout: 60_000,
        },
      },
      {
        // What is slow by nature: the package, the dev tool, browsers, kills, the real libSQL server, soaks.
        test: {
          name: "slow",
          sequence: { groupOrder: 1 },
          maxWorkers: slowWorkers,
          include: ["test/slow/**/*.test.ts"],
          env: { MODEL_SEED: modelSeed },
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
