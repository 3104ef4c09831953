import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readIssuerKeys } from "../../src/store/issuer-keys.ts";
import { syncIssuerKeys } from "../../src/sync/issuer-keys.ts";
import { syncSources, upstreamOptions } from "../../src/sync/run.ts";
import { createFileStore } from "../support/sync-store.ts";
import { generateSources, servePages, startUpstream } from "../support/upstream.ts";

const jwkOf = (key: KeyObject, kid: string, more: object = {}) => ({
  ...key.export({ format: "jwk" }),
  kid,
  use: "sig",
  ...more,
});
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ed = generateKeyPairSync("ed25519");

/** What each path answers, with a status and JSON; asked is told of every request. */
let answers: Record<string, { status?: number; json?: unknown; location?: string }>;
let asked: { url: string; authorization: string | undefined }[];
let origin: string;
let issuer: string;
const server = createServer((request, response) => {
  asked.push({ url: request.url ?? "", authorization: request.headers.authorization });
  const { status = 200, json, location } = answers[request.url ?? ""] ?? { status: 404 };
  response.writeHead(status, { "Content-Type": "application/json", ...(location && { Location: location }) });
  response.end(JSON.stringify(json));
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  issuer = `${origin}/application/o/portal/`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

let store: Awaited<ReturnType<typeof createFileStore>>;

beforeEach(async () => {
  store = await createFileStore();
  asked = [];
  serve([jwkOf(rsa.publicKey, "rsa", { alg: "RS256" })]);
});

const configurationPath = "/application/o/portal/.well-known/openid-configuration";
const keysPath = "/application/o/portal/jwks/";

function serve(keys: unknown, configuration: object = {}) {
  answers = {
    [configurationPath]: { json: { issuer, jwks_uri: origin + keysPath, ...configuration } },
    [keysPath]: { json: { keys } },
  };
}

const sync = (issuers = [issuer]) =>
  syncIssuerKeys(store.db, issuers, upstreamOptions({ token: undefined, wait: async () => {} }));
const storedKids = async (of = issuer) => (await readIssuerKeys(store.db, of)).keys.map(({ kid }) => kid);

describe("the keys of an issuer", () => {
  it("are stored as its configuration names them, and nothing of ours goes along", async () => {
    serve([rsa, ec, ed].map(({ publicKey }, i) => jwkOf(publicKey, `k${i}`)));
    expect(await sync()).toEqual({ isChanged: true, warnings: { count: 0, first: [] } });
    expect(await storedKids()).toEqual(["k0", "k1", "k2"]);
    expect(asked).toEqual([configurationPath, keysPath].map((url) => ({ url, authorization: undefined })));
    expect((await sync()).isChanged).toBe(false);
  });

  it("are kept without what is private, for encryption, symmetric, or not needed", async () => {
    serve([
      jwkOf(rsa.privateKey, "a", { x5c: ["cert"], alg: "RS256" }),
      jwkOf(ec.publicKey, "enc", { use: "enc" }),
      { kty: "oct", k: "c2VjcmV0", kid: "oct" },
      { ...jwkOf(ec.publicKey, "b"), kid: undefined },
      { ...jwkOf(ec.publicKey, "c"), x: 7 },
    ]);
    await sync();
    const { keys } = await readIssuerKeys(store.db, issuer);
    expect(keys.map((key) => Object.keys(key).sort())).toEqual([["alg", "e", "kid", "kty", "n", "use"]]);
  });

  it("are rotated and withdrawn by the next run, and go with their issuer", async () => {
    await sync();
    serve([jwkOf(rsa.publicKey, "rsa"), jwkOf(ec.publicKey, "next")]);
    expect([(await sync()).isChanged, await storedKids()]).toEqual([true, ["rsa", "next"]]);
    serve([jwkOf(ec.publicKey, "next")]);
    expect([(await sync()).isChanged, await storedKids()]).toEqual([true, ["next"]]);
    expect([(await sync([])).isChanged, await storedKids()]).toEqual([true, []]);
  });

  it.each<[string, () => void, string]>([
    ["its configuration is not there", () => serve([], { issuer: undefined }), "no OpenID configuration"],
    ["its server fails", () => (answers = { [configurationPath]: { status: 500 } }), "answered 500"],
    ["it names another issuer", () => serve([], { issuer: `${issuer}x` }), "another issuer"],
    ["it names itself without its slash", () => serve([], { issuer: issuer.slice(0, -1) }), "another issuer"],
    [
      "its keys are in the clear on another machine",
      () => serve([], { jwks_uri: "http://keys.example/" }),
      "no https:// address",
    ],
    [
      "its keys have an address with a password",
      () => serve([], { jwks_uri: "https://a:b@keys.example/" }),
      "no https:// address",
    ],
    ["its keys are no address", () => serve([], { jwks_uri: "keys" }), "no https:// address"],
    [
      "its keys redirect to another origin",
      () => {
        answers[keysPath] = { status: 302, location: "https://evil.example/" };
      },
      "redirects to https://evil.example",
    ],
    ["its keys are no set", () => serve("keys"), "no set of keys"],
    ["it has no key that signs", () => serve([]), "no public key"],
    [
      "it has two keys with one kid",
      () => serve([jwkOf(rsa.publicKey, "a"), jwkOf(ec.publicKey, "a")]),
      "two keys with one kid",
    ],
    [
      "it has more than twenty keys",
      () => serve(Array.from({ length: 21 }, (_, i) => jwkOf(ec.publicKey, `${i}`))),
      "more than 20 keys",
    ],
    [
      "it sends more than 64 KiB",
      () => serve([jwkOf(rsa.publicKey, "a", { x5c: "x".repeat(65_536) })]),
      "more than 65536 bytes",
    ],
  ])("stay as they were where %s, which is a warning", async (_, change, reason) => {
    await sync();
    change();
    const { isChanged, warnings } = await sync();
    expect({ isChanged, count: warnings.count }).toEqual({ isChanged: false, count: 1 });
    expect(warnings.first).toMatchObject([{ source: null, key: "issuer_keys", what: "unavailable" }]);
    expect(warnings.first[0]?.detail).toContain(reason);
    expect(await storedKids()).toEqual(["rsa"]);
  });

  it("fail apart from those of another issuer, and from the list", async () => {
    const upstream = await startUpstream(servePages(generateSources(2)));
    let changes = 0;
    const run = (behaviour = servePages(generateSources(2))) => {
      upstream.behaviour = behaviour;
      return syncSources(store.db, {
        upstream: upstream.origin,
        token: "ak-token",
        issuers: [`${origin}/nobody/`, issuer],
        onKeysChanged: () => changes++,
        wait: async () => {},
      });
    };
    expect(await run()).toMatchObject({ outcome: "changed", warnings: 1, error: null });
    expect(await storedKids()).toEqual(["rsa"]);
    serve([jwkOf(ec.publicKey, "next")]);
    const failed = await run((response) => response.writeHead(403).end());
    expect(failed).toMatchObject({ outcome: "failed", warnings: 1 });
    expect(changes).toBe(2);
    expect(await storedKids()).toEqual(["next"]);
    expect((await store.runs()).map(({ warnings }) => warnings)).toEqual([1, 1]);
    expect(JSON.stringify(asked)).not.toContain("ak-token");
    await upstream.close();
  });
});
