import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fixturePath, runTool, temporaryFolder } from "../support/run.ts";

const withoutLibsql = { LIBSQL_URL: "" };

describe("the tools over a local D1", () => {
  it("say what to do where it has no tables", async () => {
    const empty = ["--d1", "--persist-to", join(temporaryFolder(), "empty")];
    const { code, stderr } = await runTool("token", ["list", ...empty], withoutLibsql);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^token: .*no such table: api_tokens.*; run `npm run db:migrate` first\n$/);
  });

  it.each([
    ["LIBSQL_URL beside it", ["token", "list", "--d1"], { LIBSQL_URL: "file:x" }, "--d1 and LIBSQL_URL are two stores"],
    ["LIBSQL_URL beside it", ["dev", "--d1"], { LIBSQL_URL: "http://x" }, "--d1 and LIBSQL_URL are two stores"],
    ["a folder alone", ["sync", "--status", "--persist-to", "x"], {}, "--persist-to is for --d1"],
    ["no folder", ["migrate", "--d1", "--persist-to", ""], withoutLibsql, "--persist-to takes a folder"],
    ["SQL as well", ["import", "--d1", "--sql", fixturePath("many")], withoutLibsql, "leave --d1 and --remote out"],
    ["SQL as well", ["token", "create", "--name", "x", "--d1", "--sql"], withoutLibsql, "leave --d1 and --remote out"],
  ])("refuse %s: %j", async (_, [name = "", ...args], variables, message) => {
    const { code, stdout, stderr } = await runTool(name, args, variables);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).toContain("See npm run ");
  });
});
