import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { OAuthSource } from "../../src/source/source.ts";
import { countRenewed, unsignedAddress, unsignedDocument } from "../../src/sync/signature.ts";
import { runTool } from "../support/run.ts";
import { type SyncSetup, startSync, stored } from "../support/sync-setup.ts";
import { pageOf, sendJson, servePages } from "../support/upstream.ts";

describe("unsignedAddress", () => {
  const s3 = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F1&X-Amz-Date=20261128T1Z&X-Amz-Expires=900";
  it.each([
    ["/files/media/public/a.svg?token=e.y.J", "/files/media/public/a.svg"],
    [
      "https://authentik.example/files/media/public/a.svg?token=a.b.c",
      "https://authentik.example/files/media/public/a.svg",
    ],
    [`https://s3.example/b/a.png?${s3}&X-Amz-SignedHeaders=host&X-Amz-Signature=0`, "https://s3.example/b/a.png"],
    [`https://s3.example/a.png?v=2&${s3.toLowerCase()}&x=1#part`, "https://s3.example/a.png?v=2&x=1#part"],
    ["https://s3.example/a.png?AWSAccessKeyId=A&Signature=b%3D&Expires=1", "https://s3.example/a.png"],
    [
      "https://cdn.example/a.png?Expires=1&Signature=x&Key-Pair-Id=K&Policy=p&Hash-Algorithm=SHA256",
      "https://cdn.example/a.png",
    ],
    ["https://storage.example/a?X-Goog-Signature=1&GoogleAccessId=2", "https://storage.example/a"],
    ["https://cdn.example/a.png?version=2&tokens=3", "https://cdn.example/a.png?version=2&tokens=3"],
    ["/a.svg#?token=1", "/a.svg#?token=1"],
    ["/a\n.svg?x\n&token=\n1#\n", "/a\n.svg?x\n#\n"],
    ["/a.svg?", "/a.svg?"],
    ["fa://fa-github", "fa://fa-github"],
    ["", ""],
  ])("makes %j of %j", (signed, unsigned) => {
    expect(unsignedAddress(signed)).toBe(unsigned);
  });
});

describe("unsignedDocument", () => {
  const url = (token: string) => `/files/a.svg?token=${token}`;

  it("takes signatures out of the keys for icons alone, at any depth, and leaves the rest as it is written", () => {
    const document = (token: string) =>
      `{"n":12345678901234567890,"icon":"${url(token)}","icon_url":null,"icon_themed_urls":{"light":"${url(token)}","deep":{"dark":"${url(token)}"},"n":1},"profile_url":"/files/a.svg?token=kept"}`;
    expect(unsignedDocument(document("1"))).toBe(unsignedDocument(document("2")));
    const bare = document("").replaceAll("?token=", "");
    expect(unsignedDocument(document("1"))).toBe(bare.replace("a.svgkept", "a.svg?token=kept"));
  });

  it.each(["[1]", '{"a":"?token="}', '{"icon":["?token=1"]}'])("leaves %s as it is", (document) => {
    expect(unsignedDocument(document)).toBe(document);
  });

  it("counts the addresses that were signed anew", () => {
    const document = (a: string, b: string) =>
      JSON.stringify({ icon: "", icon_url: url(a), icon_themed_urls: { light: url(b), dark: url("0") } });
    expect(countRenewed(document("1", "1"), document("2", "2"))).toBe(2);
    expect(countRenewed(document("1", "1"), document("1", "1"))).toBe(0);
  });
});

describe("a run over addresses that authentik signs anew with every answer", () => {
  let setup: SyncSetup;
  let signatures = 0;

  /** Four of the twelve sources have such an address. */
  const signed = () =>
    stored.map((source, i) =>
      i % 3 === 0 ? { ...source, icon_url: `/files/${source.slug}.svg?token=${++signatures}` } : source,
    );

  beforeEach(async () => {
    setup = await startSync();
    setup.upstream.behaviour = (response, asked, request) => servePages(signed())(response, asked, request);
    await setup.sync({ now: () => 1_000 });
  });

  afterEach(() => setup.close());

  it("changes nothing but these addresses: no time of change", async () => {
    const before = await setup.store.snapshot();
    const run = await setup.sync({ now: () => 2_000 });
    expect(run).toMatchObject({ outcome: "unchanged", changed: 0, unchanged: 12, renewed: 4, error: null });
    const after = await setup.store.snapshot();
    expect(before.state).toMatchObject([{ revision: 2, changedAt: 1_000, count: 12 }]);
    expect(after.state).toEqual([{ ...before.state[0], revision: 3 }]);
    const tokens = (sources: typeof after.sources) =>
      sources.flatMap(({ document }) => /token=(\d+)/.exec(document)?.[1] ?? []);
    expect(tokens(before.sources)).toEqual(["1", "2", "3", "4"]);
    expect(tokens(after.sources)).toEqual(["5", "6", "7", "8"]);
    expect((await setup.store.runs()).at(-1)).toMatchObject({ outcome: "unchanged", renewed: 4 });
  });

  it("counts a change of anything else as one, and takes new signatures with it", async () => {
    setup.upstream.behaviour = (response, asked, request) =>
      servePages(
        signed()
          .map((source) => ({ ...source, name: `New ${source.name}` }))
          .slice(0, 11),
      )(response, asked, request);
    expect(await setup.sync()).toMatchObject({ outcome: "changed", changed: 11, removed: 1, unchanged: 0, renewed: 0 });
    expect(await setup.store.snapshot()).toMatchObject({ state: [{ revision: 3, count: 11 }] });
  });

  it("gives way to a writer that was faster, with signatures alone too", async () => {
    const raise = () => setup.store.db.run("UPDATE list_state SET revision = revision + 1");
    setup.upstream.behaviour = async (response, asked, request) => {
      await raise();
      servePages(signed())(response, asked, request);
    };
    expect(await setup.sync()).toMatchObject({ outcome: "superseded" });
    expect(setup.upstream.seen).toHaveLength(4);
  });

  it("settles over three pages", async () => {
    setup.upstream.behaviour = (response, { page }) => sendJson(response, pageOf(signed(), page, 4));
    expect(await setup.sync()).toMatchObject({ outcome: "unchanged", renewed: 4, error: null });
  });

  it("is told by npm run sync, with --dry-run and --status too", async () => {
    const variables = { LIBSQL_URL: setup.store.url, AUTHENTIK_SYNC_URL: setup.upstream.origin, AUTHENTIK_TOKEN: "ak" };
    const counts = "added 0, changed 0, removed 0, unchanged 12, 4 addresses renewed\n";
    expect(await runTool("sync", ["--dry-run"], variables)).toMatchObject({ code: 0, stdout: counts });
    expect(await runTool("sync", [], variables)).toMatchObject({ code: 0, stdout: counts });
    expect((await runTool("sync", ["--status"], variables)).stdout).toContain(counts);
    const one: OAuthSource[] = stored.map((source, i) =>
      i === 0 ? { ...source, icon_url: `/a?token=${signatures++}` } : source,
    );
    setup.upstream.behaviour = servePages(one);
    await runTool("sync", [], variables);
    setup.upstream.behaviour = servePages(
      one.map((source, i) => (i === 0 ? { ...source, icon_url: "/a?token=x" } : source)),
    );
    expect((await runTool("sync", [], variables)).stdout).toContain("unchanged 12, 1 address renewed\n");
  });
});
