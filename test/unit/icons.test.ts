import { asc } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { iconImages, icons } from "../../src/db/schema.ts";
import type { OAuthSource } from "../../src/source/source.ts";
import type { IconsCopied } from "../../src/sync/icons/copy.ts";
import { type SyncOptions, syncSources } from "../../src/sync/run.ts";
import { copied, iconAuthentik } from "../support/icon-authentik.ts";
import { readFixture } from "../support/run.ts";
import { d1, embeddedServer, type FilledStore } from "../support/stores.ts";

const [usual] = readFixture("company-2026").results as [OAuthSource];
const hour = 3_600_000;
const start = Date.parse("2026-11-28");

describe.each([embeddedServer, d1])("the icons of a run over $name", ({ start: startStore }) => {
  let store: FilledStore;
  let authentik: ReturnType<typeof iconAuthentik>;
  let found: IconsCopied | undefined;

  beforeAll(async () => {
    store = await startStore([]);
  });

  afterAll(() => store.close());

  beforeEach(async () => {
    await store.db.batch([store.db.delete(icons), store.db.delete(iconImages)]);
    authentik = iconAuthentik(usual);
  });

  async function sync(now = start, options: Partial<SyncOptions> = {}) {
    authentik.asked.length = 0;
    found = undefined;
    const onIcons = (icons: IconsCopied) => {
      found = icons;
    };
    const run = await syncSources(store.db, {
      ...authentik.options,
      now: () => now,
      onIcons,
      allowRemovals: true,
      ...options,
    });
    expect(run.error).toBe(null);
    return run;
  }

  const rows = () => store.db.select().from(icons).orderBy(asc(icons.pk), asc(icons.theme));
  const images = () => store.db.select().from(iconImages).orderBy(asc(iconImages.digest));
  const slugOf = (pk: string) => authentik.sources.find((source) => source.pk === pk)?.slug ?? "";
  const slugsWithImage = async () => [
    ...new Set((await rows()).filter(({ digest }) => digest !== null).map(({ pk }) => slugOf(pk))),
  ];
  const sourceOf = (slug: string) => authentik.sources.find((source) => source.slug === slug) as OAuthSource;

  it("are copied where they may be, and a warning elsewhere, without a token", async () => {
    const run = await sync();
    expect(run).toMatchObject({ outcome: "changed", warnings: 4 });
    const failures: Record<string, string> = {
      private:
        "https://192.168.0.1/private.png is neither https:// of the public network nor of authentik's own origin",
      large: "https://cdn.example/large.jpg has more than 256 KiB",
      html: "says that it is image/png, and does not begin as one",
      hangs: "https://slow.example/hangs.ico did not answer in full within 10 s",
    };
    const warned = run.firstWarnings.map(({ source, key, detail }) => [source, key, detail]);
    expect(warned.sort()).toEqual(
      Object.entries(failures)
        .map(([slug, why]) => [slug, "icon_url", why])
        .sort(),
    );
    expect((await slugsWithImage()).sort()).toEqual(copied);
    const problems = (await rows()).flatMap(({ pk, problem }) => (problem === null ? [] : [[slugOf(pk), problem]]));
    expect(Object.fromEntries(problems)).toEqual(failures);
    expect((await images()).map(({ type }) => type).sort()).toEqual(
      ["gif", "png", "svg+xml", "svg+xml", "svg+xml", "svg+xml", "svg+xml", "webp"].map((type) => `image/${type}`),
    );
    expect(found).toMatchObject({ changed: 8, asked: 12, left: 0 });

    expect(authentik.asked.map(({ url }) => url)).not.toContainEqual(expect.stringContaining("192.168"));
    expect(authentik.asked.length).toBeGreaterThan(10);
    for (const { headers } of authentik.asked) {
      expect([...headers.keys()].sort()).toEqual(["accept", "user-agent"]);
      expect(JSON.stringify([...headers])).not.toContain(authentik.options.token);
    }
    // What signs an address is kept nowhere but in the documents.
    expect(JSON.stringify([run, await rows()])).not.toMatch(/token=|X-Amz/);
  });

  it("are asked for by no second run at once, though each list has other signatures, and change no list", async () => {
    await sync();
    const before = [await rows(), await images()];
    const state = await store.state();
    authentik.pageSize = 5;
    const run = await sync(start + 5 * 60_000);
    expect(run).toMatchObject({ outcome: "unchanged", renewed: 5, warnings: 0 });
    expect(authentik.asked).toEqual([]);
    expect(found).toMatchObject({ changed: 0, asked: 0, left: 0 });
    expect([await rows(), await images()]).toEqual(before);
    expect(await store.state()).toEqual({ ...state, revision: 3 });
  });

  it("are confirmed after a day, and nothing but times is written", async () => {
    await sync();
    const before = await rows();
    const imagesBefore = await images();
    const later = start + 24 * hour;
    await sync(later);
    const conditions = authentik.asked.filter(({ headers }) => headers.has("If-None-Match"));
    // All but the data: one, the redirect's second request among them.
    expect(conditions).toHaveLength(8);
    expect(found).toMatchObject({ changed: 0, asked: 12 });
    expect(await rows()).toEqual(before.map((row) => ({ ...row, askedAt: later })));
    expect(await images()).toEqual(imagesBefore);
    for (const { headers } of authentik.asked) expect(headers.has("Authorization")).toBe(false);
  });

  it("are tried again after an hour where they could not be had, and the old one stays", async () => {
    await sync();
    authentik.files["https://cdn.example/large.jpg"] = { type: "image/gif", body: "GIF89a" };
    await sync(start + hour - 1);
    expect(authentik.asked).toEqual([]);
    await sync(start + hour);
    expect(found).toMatchObject({ changed: 1, asked: 4 });
    expect(await slugsWithImage()).toContain("large");
    authentik.files = {};
    const before = (await rows()).map(({ digest }) => digest);
    expect(await sync(start + 48 * hour)).toMatchObject({ outcome: "unchanged", warnings: 10 + 1 });
    expect((await rows()).map(({ digest }) => digest)).toEqual(before);
    expect(found).toMatchObject({ changed: 0 });
  });

  it("are no other source's where sources are renamed and no icon can be had", async () => {
    await sync();
    const [relative, uploaded] = [sourceOf("relative"), sourceOf("uploaded")];
    const digestOf = async ({ pk }: OAuthSource) => (await rows()).find((row) => row.pk === pk)?.digest;
    const [first, second] = [await digestOf(relative), await digestOf(uploaded)];
    Object.assign(relative, { slug: "uploaded", icon_url: "/static/authentik/sources/new.svg" });
    Object.assign(uploaded, { slug: "relative", icon_url: "/static/authentik/sources/other.svg" });
    authentik.files = {};
    expect(await sync(start + 1)).toMatchObject({ changed: 2, warnings: 2 });
    expect([await digestOf(relative), await digestOf(uploaded)]).toEqual([first, second]);
  });

  it("go with their source, and where it does not name them any more", async () => {
    await sync();
    authentik.sources = authentik.sources.filter(({ slug }) => slug !== "script");
    sourceOf("uploaded").icon_url = "fa://fa-star";
    Object.assign(sourceOf("themed"), { icon_themed_urls: null });
    await sync(start + 1);
    expect((await slugsWithImage()).sort()).toEqual(["data", "moved", "relative", "s3"]);
    expect(await images()).toHaveLength(4);
    expect(found).toMatchObject({ changed: 3, asked: 0 });
  });

  it("are asked for once an address, and by at most twenty requests a run", async () => {
    const source = sourceOf("relative");
    authentik.sources = Array.from({ length: 50 }, (_, i) => ({
      ...source,
      pk: source.pk.replace(/.{4}$/, String(1000 + i)),
      slug: `s${i}`,
      icon_url: i < 10 ? "/static/authentik/sources/moved.gif" : `/static/${i % 20}.svg`,
    }));
    for (let i = 0; i < 20; i++)
      authentik.files[`https://authentik.example/static/${i}.svg`] = {
        type: "image/svg+xml",
        body: `<svg id="${i}"/>`,
      };
    await sync();
    expect(authentik.asked).toHaveLength(20);
    expect(found).toMatchObject({ left: 2 });
    await sync(start + 1);
    expect(authentik.asked).toHaveLength(2);
    expect(found).toMatchObject({ left: 0 });
    expect(await images()).toHaveLength(21);
    expect((await rows()).filter(({ digest }) => digest !== null)).toHaveLength(50);
  });

  it("have no more room than all icons may have together", async () => {
    const limits = { allIconBytes: 400 };
    const run = await sync(start, { limits });
    expect(run.firstWarnings.map(({ detail }) => detail)).toContainEqual(expect.stringContaining("has no room"));
    const sizes = (await images()).map(({ body }) => atob(body).length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(400);
    expect(sizes.length).toBeGreaterThan(2);
  });

  it("are asked for anew where an image was lost, or a clock was ahead", async () => {
    await sync(start + 72 * hour);
    await store.db.delete(iconImages);
    await sync(start);
    expect(found).toMatchObject({ asked: 12, changed: 8 });
    expect(await images()).toHaveLength(8);
  });

  it("stay as they were where the list cannot be read", async () => {
    await sync();
    authentik.isDown = true;
    const run = await syncSources(store.db, {
      ...authentik.options,
      now: () => start + 48 * hour,
      wait: async () => {},
    });
    expect(run.outcome).toBe("failed");
    expect((await slugsWithImage()).sort()).toEqual(copied);
  });

  it("are left alone by a run that is not told to copy them", async () => {
    await sync(start, { icons: false });
    expect(authentik.asked).toEqual([]);
    expect(found).toBeUndefined();
  });
});
