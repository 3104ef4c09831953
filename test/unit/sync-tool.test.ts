import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { OAuthSource } from "../../src/source/source.ts";
import { runTool } from "../support/run.ts";
import { createFileStore } from "../support/sync-store.ts";
import { generateSources, sendIcon, sendJson, servePages, startUpstream } from "../support/upstream.ts";

const token = "ak-0123456789abcdef-secret";
const stored = generateSources(12);
const [first, second, ...others] = stored as [OAuthSource, OAuthSource, ...OAuthSource[]];

let store: Awaited<ReturnType<typeof createFileStore>>;
let upstream: Awaited<ReturnType<typeof startUpstream>>;

beforeEach(async () => {
  store = await createFileStore(stored);
  upstream = await startUpstream(servePages(stored));
});

afterEach(() => upstream.close());

async function sync(args: string[] = [], variables: Record<string, string> = {}) {
  const { code, stdout, stderr } = await runTool("sync", args, {
    LIBSQL_URL: store.url,
    AUTHENTIK_SYNC_URL: upstream.origin,
    AUTHENTIK_TOKEN: token,
    ...variables,
  });
  expect((stdout + stderr).toLowerCase()).not.toContain(token);
  return { code, stdout, stderr };
}

describe("npm run sync", () => {
  it("says what has changed, and then that nothing has", async () => {
    const [fresh] = generateSources(13).slice(12);
    upstream.behaviour = servePages([{ ...first, name: "Renamed" }, ...others, fresh]);
    const counts = "added 1, changed 1, removed 1, unchanged 10\n";
    expect(await sync()).toMatchObject({ code: 0, stdout: counts, stderr: expect.stringContaining("another 60 s") });
    const after = await store.shown();
    const unchanged = "added 0, changed 0, removed 0, unchanged 12\n";
    expect(await sync()).toEqual({ code: 0, stdout: unchanged, stderr: "" });
    expect(await store.shown()).toEqual(after);
  });

  it("reads at AUTHENTIK_URL where no other address is given", async () => {
    expect((await sync([], { AUTHENTIK_SYNC_URL: "", AUTHENTIK_URL: upstream.origin })).code).toBe(0);
  });

  it.each([
    ["refuses the token", () => sendJson, 403, "answered 403: the token is no good"],
    ["fails", () => sendJson, 500, "answered 500"],
  ])("fails with 1 where upstream %s", async (_, send, status, message) => {
    upstream.behaviour = (response) => send()(response, { detail: "x" }, status);
    const before = await store.snapshot();
    const { code, stdout, stderr } = await sync();
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(`sync: ${upstream.origin}/api/v3/sources/oauth/ ${message}`);
    expect(await store.snapshot()).toEqual(before);
    expect(await store.runs()).toMatchObject([{ outcome: "failed" }]);
  });

  it("fails with 1 where nobody listens, naming the system's own code", async () => {
    const { code, stderr } = await sync([], { AUTHENTIK_SYNC_URL: "http://127.0.0.1:1" });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^sync: the connection to http:\/\/127\.0\.0\.1:1\/api\/v3\/sources\/oauth\/ failed/);
  });

  it("fails with 1 at http:// on another machine, unless it is told not to", async () => {
    const address = { AUTHENTIK_SYNC_URL: "http://authentik.invalid" };
    expect(await sync([], address)).toMatchObject({ code: 1, stderr: expect.stringContaining("is not https") });
    const allowed = await sync(["--allow-http"], address);
    expect(allowed).toMatchObject({ code: 1, stderr: expect.stringContaining("the connection to http://authentik") });
  });

  it("takes an emptied list with --allow-removals, or the variable, and not without", async () => {
    upstream.behaviour = servePages([]);
    const refused = await sync();
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("--allow-removals") });
    expect(await store.slugs()).toHaveLength(12);
    expect((await sync(["--allow-removals"])).stdout).toBe("added 0, changed 0, removed 12, unchanged 0\n");
    await store.load(stored);
    expect((await sync([], { SYNC_ALLOW_REMOVALS: "true" })).code).toBe(0);
  });

  it("shows every change field by field with --dry-run, and writes nothing", async () => {
    const [fresh] = generateSources(13).slice(12);
    const type = { ...first.type, name: "new", verbose_name: "New" };
    const changed = { ...first, name: "Re\u001bnamed", enabled: !first.enabled, oidc_jwks: { keys: [1] } };
    upstream.behaviour = servePages([changed, ...others.slice(1), { ...fresh, provider_type: "new", type }, second]);
    const before = await store.snapshot();
    const { code, stdout, stderr } = await sync(["--dry-run"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "A dry run: nothing was written.\n" });
    expect(stdout.split("\n")).toEqual([
      '+ source-00012: "Source 12"',
      '- source-00002: "Source 2"',
      '~ source-00000: name: "Source 0" → "Re\\u001bnamed"',
      `~ source-00000: enabled: ${first.enabled} → ${!first.enabled}`,
      `~ source-00000: oidc_jwks: ${JSON.stringify(first.oidc_jwks)} → {"keys":[1]}`,
      "added 1, changed 1, removed 1, unchanged 10",
      "",
    ]);
    expect(await store.snapshot()).toEqual(before);
    expect(await store.runs()).toEqual([]);
  });

  it("tells no token in a dry run that fails, even where upstream sends it back in capitals", async () => {
    upstream.behaviour = servePages([{ ...first, slug: `${token.toUpperCase()} x` }]);
    const { code, stderr } = await sync(["--dry-run"]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('row 1 (slug "… x"): slug: may hold'),
    });
  });

  it("says of a dry run that it would be refused", async () => {
    upstream.behaviour = servePages([]);
    const { code, stderr } = await sync(["--dry-run"]);
    expect(code).toBe(1);
    expect(stderr).toContain("authentik has no sources any more, of 12 in the store");
  });

  it("shows the last runs with --status, and how old the last good one is", async () => {
    expect((await sync(["--status"])).stdout).toBe("There has been no run yet.\n");
    await sync();
    upstream.behaviour = servePages([]);
    await sync();
    const { code, stdout } = await sync(["--status"], { AUTHENTIK_TOKEN: "" });
    expect(code).toBe(0);
    expect(stdout.split("\n")).toEqual([
      expect.stringMatching(
        /^20\S+Z {2}command {2}failed {2}[0-9]+ ms {2}http:\/\/127\S+\/ {2}authentik has no sources any more/,
      ),
      expect.stringMatching(/^20\S+Z {2}command {2}unchanged {2}.* {2}added 0, changed 0, removed 0, unchanged 12$/),
      expect.stringMatching(/^The last good run was [0-9]+ s ago, at 20\S+Z\.$/),
      "Icons: 12 in the store, 0 could not be had when they were last asked for.",
      "",
    ]);
  });

  it("says with --status which icons could not be had, and why", async () => {
    const icon_themed_urls = { dark: "/media/a\u001b.svg?token=x" };
    upstream.behaviour = servePages([{ ...first, icon_themed_urls }, second, ...others]);
    upstream.icons = (response, request) =>
      request.url?.startsWith("/media/") ? response.writeHead(404).end() : sendIcon(response, request);
    const { stderr } = await sync();
    const problem = `${upstream.origin}/media/a%1B.svg answered 404`;
    expect(stderr).toContain(`warning: source-00000: icon_themed_urls.dark: could not be read: ${problem}`);
    const { stdout } = await sync(["--status"]);
    expect(stdout).toContain("Icons: 12 in the store, 1 could not be had when they were last asked for.\n");
    expect(stdout).toContain(`icon: source-00000 (dark): ${problem}\n`);
    for (const { headers } of upstream.iconsSeen) expect(headers).not.toHaveProperty("authorization");
    expect(upstream.iconsSeen).toHaveLength(13);
  });

  it.each([
    ["without a token", [], { AUTHENTIK_TOKEN: "" }, "AUTHENTIK_TOKEN is not set"],
    ["without an address", [], { AUTHENTIK_SYNC_URL: "" }, "AUTHENTIK_SYNC_URL is not set, nor is AUTHENTIK_URL"],
    ["with a flag that there is not", ["--token", "x"], {}, "Unknown option '--token'"],
  ])("refuses a call %s", async (_, args, variables, message) => {
    const { code, stderr } = await sync(args, variables as Record<string, string>);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain("See npm run sync -- --help");
  });

  it("explains itself with --help", async () => {
    expect(await sync(["--help"])).toMatchObject({ code: 0, stdout: expect.stringContaining("--dry-run") });
  });
});
