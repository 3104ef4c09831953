import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { apiTokens } from "../../src/db/schema.ts";
import { digestToken, isWellFormed } from "../../src/tokens/format.ts";
import { migrateStore, openStore } from "../../tools/store.ts";
import { runTool, temporaryFolder } from "../support/run.ts";

let store: { LIBSQL_URL: string };
const token = (...args: string[]) => runTool("token", args, store);
const stored = () => openStore(store.LIBSQL_URL).select().from(apiTokens);

beforeEach(async () => {
  store = { LIBSQL_URL: `file:${join(temporaryFolder(), "test.db")}` };
  await migrateStore(openStore(store.LIBSQL_URL));
});

describe("npm run token", () => {
  it("creates a token, shows it once, alone on its line, and stores its digest only", async () => {
    const before = Date.now();
    const { code, stdout } = await token("create", "--name", "reader", "--expires", "90d");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ase_[0-9A-Za-z]{36}\n$/);
    const secret = stdout.trim();
    expect(await isWellFormed(secret)).toBe(true);
    const [row] = await stored();
    expect(row).toMatchObject({ name: "reader", scope: "sources:read", lastFour: secret.slice(-4), revokedAt: null });
    expect(row?.digest).toBe(await digestToken(secret));
    expect(row?.expiresAt ?? 0).toBeGreaterThanOrEqual(before + 90 * 86_400_000);
    expect(JSON.stringify(row)).not.toContain(secret);
  });

  it("lists tokens without their secrets, and revokes one", async () => {
    const secret = (await token("create", "--name", "reader", "--scope", "none")).stdout.trim();
    const listed = await token("list");
    expect(listed.stdout).toMatch(new RegExp(`^1 {2}…${secret.slice(-4)} {2}none {2}never expires .*reader\n$`));
    expect(listed.stdout).not.toContain(secret);
    expect(await token("revoke", "1")).toMatchObject({ code: 0, stdout: "token 1 is revoked\n" });
    expect(await token("revoke", "1")).toMatchObject({ code: 0, stdout: "token 1 was revoked before\n" });
    expect((await token("list")).stdout).toMatch(/ revoked /);
  });

  it.each(["'soon'", "'2030-01-01'", "x'00'", "9e15"])(
    "lists a token that expires at %s as no good",
    async (expiry) => {
      await token("create", "--name", "reader");
      await openStore(store.LIBSQL_URL).run(`UPDATE api_tokens SET expires_at = ${expiry}`);
      expect((await token("list")).stdout).toMatch(/^1 .* {2}no good: its expiry is no time .*reader\n$/);
    },
  );

  it.each([
    [["create"], 2, /--name takes/],
    [["create", "--name", "x", "--scope", "admin"], 2, /--scope takes sources:read or none, not "admin"/],
    [["create", "--name", "x", "--expires", "soon"], 2, /--expires takes .* not "soon"/],
    [["create", "--name", "x", "--expires", "0d"], 2, /--expires takes/],
    [["create", "--name", "x", "--colour", "red"], 2, /--colour/],
    [["revoke", "x"], 2, /revoke takes one ID/],
    [["revoke", "7"], 1, /there is no token 7/],
    [["toString"], 2, /there is no command "toString"/],
    [[], 2, /name a command/],
  ])("refuses %j clearly, and stores nothing", async (args, code, message) => {
    const result = await token(...args);
    expect(result).toMatchObject({ code, stdout: "" });
    expect(result.stderr).toMatch(message);
    expect(await stored()).toEqual([]);
  });

  it("explains itself", async () => {
    expect(await token("--help")).toMatchObject({ code: 0, stderr: "" });
    expect((await token("--help")).stdout).toMatch(/create --name NAME/);
  });
});

it("says what to do where the store has no tables", async () => {
  const { code, stderr } = await runTool("token", ["list"], {
    LIBSQL_URL: `file:${join(temporaryFolder(), "empty.db")}`,
  });
  expect(code).toBe(1);
  expect(stderr).toMatch(/npm run db:migrate/);
});
