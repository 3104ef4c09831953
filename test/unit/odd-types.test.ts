import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { OAuthSource } from "../../src/source/source.ts";
import { type SyncOptions, syncSources } from "../../src/sync/run.ts";
import { createFileStore } from "../support/sync-store.ts";
import { type Behaviour, generateSources, sendJson, servePages, startUpstream } from "../support/upstream.ts";

const [source] = generateSources(1) as [OAuthSource];
const { type: github } = source;
const named = (name: string, change: object = {}) => ({ ...github, name, ...change });

let store: Awaited<ReturnType<typeof createFileStore>>;
let upstream: Awaited<ReturnType<typeof startUpstream>>;

beforeAll(async () => {
  upstream = await startUpstream();
});

afterAll(() => upstream.close());

beforeEach(async () => {
  store = await createFileStore([source]);
  upstream.behaviour = servePages([{ ...source, enabled: !source.enabled }]);
});

const sync = (options: Partial<SyncOptions> = {}) =>
  syncSources(store.db, { upstream: upstream.origin, token: "ak-0123456789abcdef", ...options });

const storedTypes = async () => (await store.snapshot()).types.map(({ type }) => JSON.parse(type));

const respond =
  (status: number, type: string, body = ""): ((response: Parameters<Behaviour>[0]) => void) =>
  (response) =>
    response.writeHead(status, { "Content-Type": type }).end(body);

describe("source types that", () => {
  it.each([
    ["are a 500", respond(500, "text/plain"), "answered 500"],
    ["are a web page", respond(200, "text/html", "<!doctype html>"), "answered with text/html, not with JSON"],
    ["never come", () => {}, "did not answer in full within 2 s"],
    ["are half a JSON", respond(200, "application/json", '[{"name"'), "that is not JSON"],
    ["are no list", { results: [] }, "no list of types"],
    ["are none", [], "no types that can be taken"],
    ["are all without a name", [{}, {}], "no types that can be taken"],
    ["have more than 128 KiB", [named("x", { novel: "中".repeat(43_700) })], /^131\d{3} bytes as JSON, more than/],
  ])("%s leave the stored ones, and the sources go on", async (_, types, detail) => {
    upstream.types = types;
    const before = await storedTypes();
    const run = await sync({ limits: { attemptMs: 2_000 } });
    expect(run).toMatchObject({ outcome: "changed", changed: 1, error: null, warnings: 1 });
    const [warning] = run.firstWarnings;
    expect(warning).toMatchObject({ source: null, key: "source_types", what: "unavailable" });
    if (typeof detail === "string") expect(warning?.detail).toContain(detail);
    else expect(warning?.detail).toMatch(detail);
    expect(await storedTypes()).toEqual(before);
  });

  it("fail with a 500 are asked for once a run, not four times", async () => {
    let asked = 0;
    upstream.types = (response: Parameters<Behaviour>[0]) => {
      asked++;
      response.writeHead(500).end();
    };
    await sync();
    expect(asked).toBe(1);
  });

  it.each([
    ["lacks a key", { profile_url: undefined }, "source_types.odd.profile_url", "invalid"],
    ["has text for a boolean", { urls_customizable: "no" }, "source_types.odd.urls_customizable", "invalid"],
    ["has a NUL in its name", { name: "a\0b" }, "source_types.(odd name).name", "invalid"],
    ["has the name of another", { name: "first" }, "source_types.first.name", "invalid"],
  ])("are good but for one that %s are taken without it", async (_, change, key, what) => {
    upstream.types = [named("first"), named("odd", change), named("last")];
    const run = await sync();
    expect(run).toMatchObject({ outcome: "changed", warnings: 1, firstWarnings: [{ source: null, key, what }] });
    expect(await storedTypes()).toEqual([named("first"), named("last")]);
  });

  it("are good but for one that is nested too deep are taken without it", async () => {
    const deep = `{"name":"odd","novel":${"[".repeat(300)}${"]".repeat(300)}}`;
    upstream.types = (response: Parameters<Behaviour>[0]) =>
      sendJson(response, `[${JSON.stringify(named("first"))},${deep}]`);
    expect((await sync()).firstWarnings).toMatchObject([{ key: "source_types.odd", what: "invalid" }]);
    expect(await storedTypes()).toEqual([named("first")]);
  });

  it("have an address that a browser would run are taken without that, and without secrets", async () => {
    upstream.types = [named("first", { profile_url: "javascript:x", client_secret: "hunter2" })];
    expect((await sync()).firstWarnings).toMatchObject([
      { key: "source_types.first.profile_url", what: "unsafe_url" },
      { key: "source_types.first.client_secret", what: "secret" },
    ]);
    expect(await storedTypes()).toEqual([named("first", { profile_url: null })]);
  });

  it("are not there (403, 404) are no warning", async () => {
    for (const status of [403, 404]) {
      upstream.types = respond(status, "text/plain");
      expect((await sync()).warnings).toBe(0);
    }
  });
});
