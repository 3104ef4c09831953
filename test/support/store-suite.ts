import { eq, sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { defaultFreshness } from "../../src/cache/freshness.ts";
import { apiTokens } from "../../src/db/schema.ts";
import { canonicalQuery, listQuerySchema } from "../../src/source/query.ts";
import type { OAuthSource } from "../../src/source/source.ts";
import { listKey, sourceKey, tokenKey } from "../../src/store/key.ts";
import { readStore } from "../../src/store/routes.ts";
import { readList } from "../../src/sync/list.ts";
import { type SyncOptions, syncSources } from "../../src/sync/run.ts";
import { Superseded } from "../../src/sync/sync-error.ts";
import { replaceSources } from "../../src/sync/write.ts";
import { listTokens, revokeToken, storeToken } from "../../src/tokens/admin.ts";
import { createToken, digestToken } from "../../src/tokens/format.ts";
import { defaultTokenGraceSeconds } from "../../src/tokens/verify.ts";
import { readFixture, runTool } from "./run.ts";
import type { FilledStore, StoreKind } from "./stores.ts";
import { type Behaviour, generateSources, pageOf, sendJson, servePages, startUpstream } from "./upstream.ts";

const stored = generateSources(12);
const [first, second, ...others] = stored as [OAuthSource, OAuthSource, ...OAuthSource[]];
const renamed = (name: string) => [{ ...first, name }, second, ...others];

/** What every store has to do, whatever its engine. */
export function testStore({ name, start }: StoreKind) {
  describe(`a store over ${name}`, () => {
    let store: FilledStore;
    let upstream: Awaited<ReturnType<typeof startUpstream>>;

    beforeAll(async () => {
      store = await start(stored);
    });

    afterAll(() => store.close());

    beforeEach(async () => {
      await load(stored);
      upstream = await startUpstream(servePages(stored));
    });

    afterEach(() => upstream.close());

    const load = (rows: unknown[]) => replaceSources(store.db, readList(rows), { now: Date.now() });
    const names = async () => (await store.sources()).map(({ name }) => name);
    const lastRun = async () => (await store.runs()).at(-1);
    const sync = (options: Partial<SyncOptions> = {}) =>
      syncSources(store.db, { upstream: upstream.origin, token: "ak", ...options });

    describe("replaceSources", () => {
      it("writes the differences alone, and nothing where there are none", async () => {
        const { revision = 0 } = (await store.state()) ?? {};
        const fresh = generateSources(13).slice(12);
        const next = [{ ...first, name: "Renamed" }, ...others, ...fresh];
        expect(await load(next)).toEqual({ added: 1, changed: 1, removed: 1, unchanged: 10, renewed: 0 });
        expect(await names()).toEqual(["Renamed", ...[...others, ...fresh].map(({ name }) => name)]);
        expect(await store.state()).toMatchObject({ revision: revision + 1, count: 12 });
        expect(await load(next)).toEqual({ added: 0, changed: 0, removed: 0, unchanged: 12, renewed: 0 });
        expect(await store.state()).toMatchObject({ revision: revision + 1 });
      });

      it("lets sources swap what is unique", async () => {
        await load([{ ...first, managed: "a" }, { ...second, managed: "b" }, ...others]);
        const swapped = [
          { ...first, slug: second.slug, managed: "b" },
          { ...second, slug: first.slug, managed: "a" },
          ...others,
        ];
        expect(await load(swapped)).toMatchObject({ changed: 2 });
        expect((await store.sources()).map(({ slug, managed }) => [slug, managed]).slice(0, 2)).toEqual([
          [second.slug, "b"],
          [first.slug, "a"],
        ]);
      });

      it("leaves the list as it was where a check refuses the difference", async () => {
        const before = await store.look();
        const check = () => {
          throw new Error("no");
        };
        await expect(replaceSources(store.db, readList([]), { now: 0, check })).rejects.toThrow("no");
        expect(await store.look()).toEqual(before);
      });
    });

    describe("read", () => {
      const publicUrl = "http://authentik.example";
      const options = {
        database: () => store.db,
        freshness: defaultFreshness,
        tokenGraceSeconds: defaultTokenGraceSeconds,
        now: Date.now,
      };

      it("lists and retrieves what was imported, to the letter", async () => {
        const company = readFixture("company");
        await load(company.results);
        const list = async (parameters: Record<string, string>) =>
          (await readStore(listKey(canonicalQuery(listQuerySchema.parse(parameters)), publicUrl), options)).value.body;
        expect(await list({})).toBe(JSON.stringify(company));
        for (const source of company.results) {
          const { value } = await readStore(sourceKey(source.slug, publicUrl), options);
          expect(value.body).toBe(JSON.stringify(source));
        }
        expect(JSON.parse(await list({ search: "git", ordering: "-slug", page_size: "1" }))).toMatchObject({
          pagination: { count: 2, next: 2 },
          results: [{ slug: "gitlab-internal" }],
        });
      });

      it("knows a token while it is stored and not revoked", async () => {
        const token = await createToken();
        const verdict = async () =>
          JSON.parse((await readStore(tokenKey(await digestToken(token)), options)).value.body)?.scope;
        expect(await verdict()).toBe(undefined);
        const fields = { name: "status page", scope: "sources:read", createdAt: 0, expiresAt: null } as const;
        await storeToken(store.db, token, fields);
        const listed = (await listTokens(store.db)).find(({ name }) => name === fields.name);
        expect(listed).toMatchObject({ scope: "sources:read", lastFour: token.slice(-4), revokedAt: null });
        expect(await verdict()).toBe("sources:read");
        expect(await revokeToken(store.db, listed?.id ?? 0, 7)).toBe("revoked");
        expect(await revokeToken(store.db, listed?.id ?? 0, 8)).toBe("already");
        expect(await revokeToken(store.db, 999, 8)).toBe("unknown");
        expect(await verdict()).toBe(undefined);
      });

      it.each(["'2999-01-01'", "'99999999999999x'", "x'00'"])("knows no token whose expiry is %s", async (expiry) => {
        const token = await createToken();
        const digest = await digestToken(token);
        const verdict = async () => JSON.parse((await readStore(tokenKey(digest), options)).value.body);
        await storeToken(store.db, token, { name: "odd", scope: "sources:read", createdAt: 0, expiresAt: null });
        expect(await verdict()).toMatchObject({ scope: "sources:read" });
        await store.db
          .update(apiTokens)
          .set({ expiresAt: sql.raw(expiry) })
          .where(eq(apiTokens.digest, digest));
        expect(await verdict()).toBe(null);
      });
    });

    describe("syncSources", () => {
      it("follows upstream, records its runs, and writes nothing where nothing is new", async () => {
        upstream.behaviour = servePages([{ ...first, name: "Renamed" }, ...others]);
        expect(await sync({ now: () => 5_000 })).toMatchObject({
          outcome: "changed",
          changed: 1,
          removed: 1,
          error: null,
        });
        expect(await store.state()).toMatchObject({ count: 11, changedAt: 5_000 });
        const before = await store.look();
        expect(await sync()).toMatchObject({ outcome: "unchanged", unchanged: 11 });
        expect(await store.look()).toEqual({ ...before, revision: before.revision + 1 });
        expect((await store.runs()).slice(-2)).toMatchObject([{ outcome: "changed" }, { outcome: "unchanged" }]);
      });

      it("takes over source types and what stands beside the results", async () => {
        const before = (await store.look()).types;
        upstream.types = before.map(({ type }) => JSON.parse(type)).reverse();
        upstream.behaviour = (response, { page }) =>
          sendJson(response, { ...pageOf(stored, page), autocomplete: { a: 1 } });
        expect(await sync()).toMatchObject({ outcome: "changed", unchanged: 12 });
        expect((await store.look()).types.map(({ name }) => name)).toEqual(before.map(({ name }) => name).reverse());
        expect(await store.state()).toMatchObject({ beside: '{"autocomplete":{"a":1}}' });
      });

      it("leaves the list where upstream fails, and records the reason", async () => {
        const before = await store.look();
        upstream.behaviour = (response) => response.writeHead(403).end();
        expect((await sync()).error).toMatch(/answered 403/);
        expect(await store.look()).toEqual(before);
        expect(await lastRun()).toMatchObject({ outcome: "failed", added: null });
      });

      it("runs as the command `sync`, too", async () => {
        upstream.behaviour = servePages(renamed("Renamed"));
        const variables = { ...store.variables, AUTHENTIK_SYNC_URL: upstream.origin, AUTHENTIK_TOKEN: "ak" };
        const { code, stdout, stderr } = await runTool("sync", store.args, variables);
        expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: "added 0, changed 1, removed 0, unchanged 11\n" });
        expect((await names())[0]).toBe("Renamed");
      });

      /** Another writer, which is faster for the given number of walks; then upstream's first source is called Late. */
      function overtake(times: number) {
        let walks = 0;
        upstream.behaviour = async (response, asked, request) => {
          if (walks++ < times) await load(renamed(`Early ${walks}`));
          servePages(renamed("Late"))(response, asked, request);
        };
      }

      it("reads upstream again where another writer was faster, so that no change waits for the next run", async () => {
        const { revision = 0 } = (await store.state()) ?? {};
        overtake(2);
        expect(await sync()).toMatchObject({ outcome: "changed", error: null, changed: 1 });
        expect((await names())[0]).toBe("Late");
        expect(await store.state()).toMatchObject({ revision: revision + 3 });
        expect(upstream.seen).toHaveLength(3);
      });

      it("writes nothing where other writers were faster each time, and calls the run superseded", async () => {
        overtake(3);
        expect(await sync()).toMatchObject({
          outcome: "superseded",
          error: "other runs have written meanwhile; this one has written nothing",
        });
        expect((await names())[0]).toBe("Early 3");
      });

      it("brings a change that an older run, which read before it, would have covered", async () => {
        let now = 0;
        let isAsked = () => {};
        const secondAsks = new Promise<void>((resolve) => {
          isAsked = resolve;
        });
        let slow: ReturnType<typeof sync> | undefined;
        // The first run reads the list as it was, and writes it once the second, which reads the change, has begun.
        const behaviours: Behaviour[] = [
          async (...asked) => {
            await secondAsks;
            servePages(renamed("Before the change"))(...asked);
          },
          async (...asked) => {
            isAsked();
            await slow;
            now = 3_000;
            servePages(renamed("After the change"))(...asked);
          },
          servePages(renamed("After the change")),
        ];
        const firstAsks = new Promise<void>((resolve) => {
          upstream.behaviour = (response, asked, request) => {
            if (asked.number === 1) resolve();
            behaviours[asked.number - 1]?.(response, asked, request);
          };
        });
        const { revision = 0 } = (await store.state()) ?? {};
        now = 1_000;
        slow = sync({ now: () => now });
        await firstAsks;
        now = 2_000;
        const quick = await sync({ now: () => now });

        expect(await slow).toMatchObject({ startedAt: 1_000, outcome: "changed", changed: 1 });
        expect(quick).toMatchObject({ startedAt: 2_000, outcome: "changed", changed: 1 });
        expect((await names())[0]).toBe("After the change");
        expect(await store.state()).toMatchObject({ revision: revision + 2, changedAt: 3_000 });
        expect(upstream.seen).toHaveLength(3);
      });
    });

    describe("writers at once", () => {
      it("leave the list whole, changed once", async () => {
        upstream.behaviour = servePages(renamed("Renamed"));
        const outcomes = (await Promise.all([sync(), sync(), sync()])).map(({ outcome }) => outcome);
        expect(outcomes.filter((outcome) => outcome === "changed")).toHaveLength(1);
        expect(outcomes.filter((outcome) => outcome === "failed")).toEqual([]);
        expect(await names()).toEqual(renamed("Renamed").map(({ name }) => name));
      });

      it("leave the whole list of one of them, where each has its own, and a revision for each that succeeded", async () => {
        const { revision = 0 } = (await store.state()) ?? {};
        const lists = ["A", "B", "C", "D"].map((name) => generateSources(40, name));
        const results = await Promise.allSettled(lists.map(load));
        const { names, count, counted, revision: after } = await store.look();
        expect({ count, counted }).toEqual({ count: 40, counted: 40 });
        expect(["A", "B", "C", "D"]).toContain(names);
        expect(after).toBe(revision + results.filter(({ status }) => status === "fulfilled").length);
        for (const result of results) {
          if (result.status === "rejected") expect(result.reason).toBeInstanceOf(Superseded);
        }
      });
    });
  });
}
