import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Base64 } from "../../src/base/base64.ts";
import { iconImages, oauthSources } from "../../src/db/schema.ts";
import type { OAuthSource } from "../../src/source/source.ts";
import { syncJob } from "../../src/sync/job.ts";
import { syncSources } from "../../src/sync/run.ts";
import { startApp } from "../support/app.ts";
import { engines } from "../support/engines.ts";
import { startGateway } from "../support/gateway.ts";
import { authentikOrigin, copied, iconAuthentik, scriptSvg, svgOf } from "../support/icon-authentik.ts";
import { type AnyStore, readFixture } from "../support/store.ts";
import { startWorker } from "../support/worker.ts";

const day = 86_400_000;

describe.each(engines)("icons over $engine", ({ create, failure }) => {
  let store: AnyStore;
  let authentik: ReturnType<typeof iconAuthentik>;

  beforeEach(async () => {
    vi.spyOn(console, "log").mockImplementation(() => {});
    vi.spyOn(console, "error").mockImplementation(() => {});
    store = await create();
    const [usual] = (await readFixture("company-2026")).results as [OAuthSource];
    authentik = iconAuthentik(usual);
    expect(await syncSources(store.db, authentik.options)).toMatchObject({ outcome: "changed", error: null });
  });

  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  it("are all there after a day without authentik, out of the store alone", async () => {
    authentik.isDown = true;
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + day });
    for (const slug of copied) {
      // Each with a Worker of its own, which has no cache.
      const response = await startWorker(store).send(`/icons/${slug}`);
      expect([slug, response.status]).toEqual([slug, 200]);
      expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(0);
    }
  });

  it("come as they are, for any page, and for whoever opens one without what it might run", async () => {
    const { send } = startGateway(store, { variables: { CORS_ORIGINS: "https://app.example" } });
    const response = await send("/icons/script", { Origin: "https://app.example" });
    expect(await response.text()).toBe(scriptSvg);
    const digest = /^"[0-9a-f]{64}"$/;
    expect(Object.fromEntries(response.headers)).toEqual({
      "access-control-allow-origin": "*",
      "cache-control": "public, max-age=300, stale-while-revalidate=86400, stale-if-error=604800",
      "cache-status": expect.stringContaining("fwd=uri-miss"),
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      "content-type": "image/svg+xml",
      etag: expect.stringMatching(digest),
      "x-content-type-options": "nosniff",
    });
    const etag = response.headers.get("ETag") ?? "";
    const unchanged = await send("/icons/script", { "If-None-Match": `W/${etag}` });
    expect([unchanged.status, await unchanged.text(), unchanged.headers.get("ETag")]).toEqual([304, "", etag]);
    expect(unchanged.headers.get("Cache-Control")).toBe(response.headers.get("Cache-Control"));
    const head = await send("/icons/script", {}, "HEAD");
    expect([head.status, await head.text(), head.headers.get("Content-Type")]).toEqual([200, "", "image/svg+xml"]);
    expect((await send("/icons/uploaded")).headers.get("Content-Type")).toBe("image/png");
    const post = await send("/icons/script", {}, "POST");
    expect([post.status, post.headers.get("Allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
  });

  it("are those of the theme that is wanted, or else of the other one, or of none", async () => {
    const { send } = startGateway(store);
    const icon = async (path: string) => (await send(path)).text();
    expect(await icon("/icons/themed?theme=light")).toBe(svgOf("light"));
    expect(await icon("/icons/themed?theme=dark")).toBe(svgOf("dark"));
    expect(await icon("/icons/themed")).toBe(svgOf("light"));
    expect(await icon("/icons/themed?theme=")).toBe(svgOf("light"));
    expect(await icon("/icons/relative?theme=dark&x=1")).toBe(svgOf("relative"));
    await store.db.run("DELETE FROM icons WHERE theme = 'dark'");
    expect(await (await startGateway(store).send("/icons/themed?theme=dark")).text()).toBe(svgOf("light"));
    for (const theme of ["blue", "constructor", "%ff"])
      expect(await icon(`/icons/themed?theme=${theme}`)).toBe(svgOf("light"));
  });

  it("are of sources that are enabled: a slug of another is one that is not there", async () => {
    const script = authentik.sources.find(({ slug }) => slug === "script");
    Object.assign(script ?? {}, { enabled: false });
    await syncSources(store.db, authentik.options);
    const { send } = startGateway(store);
    const answers = await Promise.all(
      ["script", "nowhere", "font", "empty", "large", "__proto__", "constructor"].map(async (slug) => {
        const response = await send(`/icons/${slug}`);
        return JSON.stringify([response.status, await response.json(), ...response.headers]);
      }),
    );
    expect([...new Set(answers)]).toHaveLength(1);
    expect(answers[0]).toContain('404,{"detail":"Not found.","code":"not_found"}');
    expect((await send("/media/public/script.svg")).status).toBe(404);
  });

  it("are where documents say that they are, for sources that are enabled", async () => {
    const { send } = startGateway(store);
    const location = async (path: string) => {
      const response = await send(path);
      return [response.status, response.headers.get("Location"), response.headers.get("Cache-Control")];
    };
    const found = (icon: string) => [307, icon, "public, max-age=300"];
    expect(await location("/static/authentik/sources/relative.svg")).toEqual(found("/icons/relative"));
    expect(await location("/static/authentik/sources/relative.svg?version=1")).toEqual(found("/icons/relative"));
    expect(await location("/files/media/public/uploaded.png?token=x")).toEqual(found("/icons/uploaded"));
    expect(await location("/files/media/public/logo-dark.svg")).toEqual(found("/icons/themed?theme=dark"));
    expect(await location("/media/public/script.svg")).toEqual(found("/icons/script"));
    const missing = [404, null, "no-store"];
    for (const path of [
      "/media/public/html.png",
      "/media/",
      "/files/x",
      "/bucket/media/public/s3.webp",
      "/static/dist/x",
    ])
      expect(await location(path)).toEqual(missing);
    const unknown = await send("/media/nothing.png");
    expect([await unknown.json(), unknown.headers.get("Link")]).toEqual([
      { detail: "Not found.", code: "not_found" },
      '</docs/>; rel="help"',
    ]);
    expect((await send("/media/public/script.svg", {}, "POST")).status).toBe(404);
  });

  it("are counted by the limit by address where there are none, and not else", async () => {
    const keys: string[] = [];
    const { send } = startGateway(store, { limits: { address: async (key) => keys.push(key) <= 2 } });
    const headers = { "CF-Connecting-IP": "192.0.2.7" };
    for (let i = 0; i < 12; i++) expect((await send("/icons/script", headers)).status).toBe(200);
    const statuses: number[] = [];
    for (let i = 0; i < 3; i++) statuses.push((await send(`/icons/guess-${i}`, headers)).status);
    expect([statuses, keys]).toEqual([
      [404, 404, 429],
      ["192.0.2.7", "192.0.2.7", "192.0.2.7"],
    ]);
  });

  it("outlive the store for a week where a cache has them, and are a 503 where none has", async () => {
    const clock = { now: Date.now() };
    const gateway = startGateway(store, { clock });
    expect((await gateway.send("/icons/script")).status).toBe(200);
    await store.fault(failure);
    clock.now += 6 * day;
    expect((await gateway.send("/icons/script")).status).toBe(200);
    expect((await startGateway(store).send("/icons/script")).status).toBe(503);
    clock.now += 2 * day;
    expect((await gateway.send("/icons/script")).status).toBe(503);
  });

  it("tell no cache where they were signed anew alone, and pages have the new address within 60 s", async () => {
    const { fetch } = globalThis;
    vi.spyOn(globalThis, "fetch").mockImplementation((input, init) =>
      String(input instanceof Request ? input.url : input).startsWith("http://")
        ? fetch(input, init)
        : authentik.fetch(input, init),
    );
    const gateway = startGateway(store);
    const tokenOf = async () => {
      const response = await gateway.list();
      return [/a\.b\.(\d+)/.exec(await response.text())?.[1], response.headers.get("ETag")];
    };
    const [first, etag] = await tokenOf();
    const invalidate = vi.fn(async () => {});
    const sync = { upstream: authentikOrigin, token: "ak", allowRemovals: false };
    const job = { database: () => store.db, sync, issuers: [], trigger: "cron", invalidate } as const;
    expect(await syncJob(job)).toBe(true);
    expect(invalidate).not.toHaveBeenCalled();
    expect(await tokenOf()).toEqual([first, etag]);
    gateway.wait(61);
    const [second, next] = await tokenOf();
    expect([Number(second), next === etag]).toEqual([Number(first) + 1, false]);

    authentik.files[`${authentikOrigin}/static/new.svg`] = { type: "image/svg+xml", body: svgOf("new") };
    Object.assign(authentik.sources[0] ?? {}, { name: "Renamed", icon_url: "/static/new.svg" });
    await syncJob(job);
    expect(invalidate.mock.calls).toEqual([["all"]]);
  });

  it("that the store has lost are a 503, and no entry of a cache", async () => {
    const { send } = startGateway(store);
    const known = await send("/icons/moved", { "If-None-Match": "*" });
    expect(known.status).toBe(304);
    await store.db.delete(iconImages);
    for (let i = 0; i < 2; i++) {
      const response = await send("/icons/moved");
      expect([response.status, response.headers.get("Retry-After")]).toEqual([503, "5"]);
    }
  });

  it("are there in a host that asks for them, with its other paths left to it", async () => {
    const withIcons = startApp(store, { icons: true });
    expect(await (await withIcons.send("/icons/relative")).text()).toBe(svgOf("relative"));
    expect((await withIcons.send("/icons/nowhere")).status).toBe(404);
    expect(await (await withIcons.send("/media/public/script.svg")).text()).toBe("404 Not Found");
    const without = startApp(store);
    expect(await (await without.send("/icons/relative")).text()).toBe("404 Not Found");
  });

  it("are base64 in the store, of the very bytes", async () => {
    const images = await store.db.select().from(iconImages);
    const script = images.find(({ body }) => atob(body) === scriptSvg);
    expect(script).toMatchObject({
      type: "image/svg+xml",
      body: Base64.fromUint8Array(new TextEncoder().encode(scriptSvg)),
    });
    expect(await store.db.$count(oauthSources)).toBe(13);
  });
});
