import { describe, expect, it, vi } from "vitest";
import { startDev } from "../support/dev.ts";
import { temporaryFolder } from "../support/run.ts";
import { createFileStore } from "../support/sync-store.ts";
import { generateSources, servePages, startUpstream } from "../support/upstream.ts";

const secret = "the-secret-of-the-hook-0123456789~+/=._A";
const until = (check: () => Promise<void> | void) => vi.waitFor(check, { timeout: 60_000, interval: 50 });

describe("the runner under npm run dev", () => {
  it("begins a run anew that Ctrl-C has ended, and records one whose connection fails", async () => {
    const store = await createFileStore(generateSources(3));
    const upstream = await startUpstream(() => {});
    const args = ["--port", "0", "--persist-to", temporaryFolder()];
    const variables = {
      LIBSQL_URL: store.url,
      AUTHENTIK_SYNC_URL: upstream.origin,
      AUTHENTIK_TOKEN: "token-of-the-upstream",
      SYNC_HOOK_SECRET: secret,
    };
    const first = await startDev(args, variables);
    const headers = { Authorization: `Bearer ${secret}` };
    expect((await fetch(`${first.origin}/hooks/authentik`, { method: "POST", headers })).status).toBe(202);
    await until(() => expect(upstream.seen).toHaveLength(1));
    await first.stop();
    expect(await store.runs()).toEqual([]);

    upstream.behaviour = servePages(generateSources(4));
    const second = await startDev(args, variables);
    // A run is recorded after what it wrote.
    await until(async () => expect(await store.runs()).not.toEqual([]));
    expect(await store.slugs()).toHaveLength(4);
    expect((await store.runs())[0]).toMatchObject({ outcome: "changed", trigger: "webhook", added: 1 });

    await upstream.close();
    expect((await fetch(`${second.origin}/cdn-cgi/local/scheduled`)).status).toBe(200);
    await until(async () =>
      expect((await store.runs()).at(-1)).toMatchObject({
        outcome: "failed",
        error: expect.stringMatching(/^the connection to .* failed/),
      }),
    );
    expect(await store.slugs()).toHaveLength(4);
    await second.stop();
  });
});
