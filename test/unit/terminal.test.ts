import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import type { WritableDatabase } from "../../src/db/database.ts";
import { syncRuns } from "../../src/db/schema.ts";
import { syncJob } from "../../src/sync/job.ts";
import { storeToken } from "../../src/tokens/admin.ts";
import { runTool, temporaryFolder } from "../support/run.ts";
import { createFileStore } from "../support/sync-store.ts";
import { generateSources, servePages, startUpstream } from "../support/upstream.ts";

/** Sets a terminal's title, clears it by a control of eight bits, and turns the text around. */
const evil = "evil\x1b]0;x\x07\x9b2J\u202egnp";
const unprintable = /(?!\n)[\p{Cc}\p{Cf}]/u;

/** Runs a tool; all that it says has the word, and nothing that a terminal acts upon. */
async function expectPrintable(tool: string, args: string[], variables: Record<string, string>) {
  const { stdout, stderr } = await runTool(tool, args, variables);
  expect(stdout + stderr).toContain("evil");
  expect(stdout + stderr).not.toMatch(unprintable);
}

describe("text of others", () => {
  it("reaches no terminal as it is from a dry run, nor from a run that fails", async () => {
    const [first, second, third] = generateSources(3);
    const { url } = await createFileStore([first, { ...second, name: evil }]);
    const upstream = await startUpstream(
      servePages([
        { ...first, additional_scopes: evil, [`x${evil}`]: 1 },
        { ...third, name: evil },
      ]),
    );
    const variables = { LIBSQL_URL: url, AUTHENTIK_SYNC_URL: upstream.origin, AUTHENTIK_TOKEN: "ak" };
    await expectPrintable("sync", ["--dry-run"], variables);
    upstream.behaviour = servePages([{ ...first, slug: evil }]);
    await expectPrintable("sync", [], variables);
    await upstream.close();
  });

  it("reaches none from the store, in runs and in names of tokens", async () => {
    const { db, url } = await createFileStore();
    await db.insert(syncRuns).values({
      startedAt: 0,
      durationMs: 1,
      trigger: "cron",
      upstream: `https://${evil}`,
      outcome: "failed",
      error: evil,
    });
    await storeToken(db, "x", { name: evil, scope: "none", createdAt: 0, expiresAt: null });
    await expectPrintable("sync", ["--status"], { LIBSQL_URL: url });
    await expectPrintable("token", ["list"], { LIBSQL_URL: url });
  });

  it("reaches none from a file that is imported", async () => {
    const { url } = await createFileStore();
    const file = join(temporaryFolder(), "evil.json");
    writeFileSync(file, JSON.stringify([{ ...generateSources(1)[0], slug: evil }]));
    await expectPrintable("import", [file], { LIBSQL_URL: url });
  });

  it("reaches none by the log of the Worker's sync", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const failing = () => {
      throw new Error(evil);
    };
    await syncJob({
      database: () => ({ select: failing, insert: failing }) as unknown as WritableDatabase,
      sync: { upstream: "https://authentik.example", token: "ak", allowRemovals: false },
      issuers: [],
      trigger: "cron",
      invalidate: async () => {},
    });
    const [line] = log.mock.calls.flat();
    log.mockRestore();
    expect(JSON.parse(line)).toMatchObject({ outcome: "failed", error: expect.stringContaining("evil") });
    expect(line).not.toMatch(unprintable);
  });
});
