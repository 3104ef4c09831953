import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fixturePath, runTool, temporaryFolder } from "../support/run.ts";

const wrong: [Record<string, string>, RegExp][] = [
  [{ EDGE_CACHE: "bogus" }, /EDGE_CACHE must be platform, cache-api or off/],
  [{ CACHE_FRESH_SECONDS: "-1" }, /CACHE_FRESH_SECONDS must be a whole number of seconds/],
  [{ CORS_ORIGINS: "app.example" }, /CORS_ORIGINS\S* must be origins such as/],
  [{ EDGE_CACHE: "bogus", LOG_HITS: "2" }, /EDGE_CACHE .*; LOG_HITS must be a number from 0 to 1/],
];

describe("a wrong variable of the Worker", () => {
  const calls = [
    { tool: "dev", args: [] },
    { tool: "import", args: [fixturePath("company")] },
    { tool: "sync", args: [] },
  ];
  const cases = calls.flatMap((call) => wrong.map(([variables, message]) => ({ ...call, variables, message })));

  it.each(cases)(
    "is refused by $tool before anything is made: $variables",
    async ({ tool, args, variables, message }) => {
      const file = join(temporaryFolder(), "store.db");
      const { code, stdout, stderr } = await runTool(tool, args, { LIBSQL_URL: `file:${file}`, ...variables });
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toMatch(message);
      expect(existsSync(file)).toBe(false);
    },
  );
});

it("a DEV_TOKEN that no header could carry is refused by dev before anything is made", async () => {
  const file = join(temporaryFolder(), "store.db");
  const variables = { LIBSQL_URL: `file:${file}`, DEV_TOKEN: 'a"b' };
  const { code, stdout, stderr } = await runTool("dev", [], variables);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/DEV_TOKEN may hold letters, digits and/);
  expect(existsSync(file)).toBe(false);
});

it("a wrong variable of the sync is refused by sync, and is not shown", async () => {
  for (const [variables, message] of [
    [{ SYNC_ALLOW_REMOVALS: "yes" }, "SYNC_ALLOW_REMOVALS must be true or false"],
    [{ SYNC_HOOK_SECRET: "hunter2" }, "SYNC_HOOK_SECRET must have 32 to 256 characters"],
  ] as const) {
    const { code, stderr } = await runTool("sync", [], variables);
    expect(code).toBe(2);
    expect(stderr).toContain(`the configuration of the sync is wrong: ${message}`);
    expect(stderr).not.toContain("hunter2");
  }
});
