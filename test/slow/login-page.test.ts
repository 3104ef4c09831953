import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { OAuthSource } from "../../src/source/source.ts";
import { syncSources } from "../../src/sync/run.ts";
import { storeToken } from "../../src/tokens/admin.ts";
import { type LibsqlBridge, startLibsqlBridge } from "../../tools/libsql-bridge.ts";
import { chromiumPath, startChromium } from "../support/chromium.ts";
import { type DevServer, startDev } from "../support/dev.ts";
import { authentikOrigin, iconAuthentik, scriptSvg } from "../support/icon-authentik.ts";
import { closePage, findUnreadable, openPage, takePicture } from "../support/open-page.ts";
import { readFixture, temporaryFolder } from "../support/run.ts";
import { createFileStore } from "../support/sync-store.ts";

if (!chromiumPath)
  process.stderr.write(
    "SKIPPED: there is no chromium here, so the icons of the login page are not tried in a browser.\n",
  );

const svg = (shapes: string) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">${shapes}</svg>`;

/** Drawn here, so that no vendor's mark is in a picture; one of them differs in light and dark. */
const drawings: Record<string, string> = {
  "aurora.svg": svg(
    `<circle cx="12" cy="12" r="6" fill="#e8a317"/><path d="M12 1v4M12 19v4M1 12h4M19 12h4M4 4l3 3M17 17l3 3M20 4l-3 3M7 17l-3 3" stroke="#e8a317" stroke-width="2"/>`,
  ),
  "basalt.svg": svg(
    `<path d="M12 2l9 5v10l-9 5-9-5V7z" fill="#4c5b6b"/><path d="M12 2v20M3 7l18 10M21 7L3 17" stroke="#fff" stroke-width="1"/>`,
  ),
  "cobalt-light.svg": svg(
    `<rect x="2" y="4" width="20" height="13" rx="4" fill="#1d3f8f"/><path d="M7 17v5l6-5z" fill="#1d3f8f"/>`,
  ),
  "cobalt-dark.svg": svg(
    `<rect x="2" y="4" width="20" height="13" rx="4" fill="#9db8ff"/><path d="M7 17v5l6-5z" fill="#9db8ff"/>`,
  ),
};

/** Icons of each kind: a path, an upload, one for each theme, a glyph of a font, none, and one that cannot be had. */
const shown: Record<string, [name: string, icons: Partial<OAuthSource>]> = {
  aurora: ["Aurora Mail", { icon_url: "/media/aurora.svg" }],
  basalt: ["Basalt Code", { icon_url: `${authentikOrigin}/media/basalt.svg?token=S` }],
  cobalt: [
    "Cobalt Chat",
    { icon_url: null, icon_themed_urls: { light: "/media/cobalt-light.svg", dark: "/media/cobalt-dark.svg" } },
  ],
  dune: ["Dune Drive", { icon: "fa://fa-cloud", icon_url: "fa://fa-cloud" }],
  ember: ["Ember Status", { icon_url: null }],
  fjord: ["Fjord Directory", { icon_url: "/media/fjord.svg" }],
};

const looks = [
  { width: 480, height: 640, scheme: "light" },
  { width: 480, height: 640, scheme: "dark" },
] as const;

describe.skipIf(!chromiumPath)("icons in a browser, while authentik is down", () => {
  let browser: Browser;
  let dev: DevServer;
  let store: LibsqlBridge;
  let page: { origin: string; close: () => void };

  /** The example's Worker in this process, bound to the Worker that runs as deployed. */
  async function serveExample() {
    // The example has the package installed; here that is the repository itself.
    const outfile = join(temporaryFolder(), "login-page.mjs");
    await build({
      ...{ entryPoints: ["examples/login-page/src/index.ts"], bundle: true, format: "esm", outfile },
      alias: { "authentik-sources-edge/client": resolve("src/client.ts") },
    });
    const { default: app } = await import(outfile);
    const SOURCES = {
      fetch: (input: Request | string, init?: RequestInit) => {
        const { pathname, search } = new URL(input instanceof Request ? input.url : input);
        return fetch(`${dev.origin}${pathname}${search}`, init);
      },
    };
    const env = { SOURCES, SOURCES_TOKEN: "reader", AUTHENTIK_URL: authentikOrigin };
    const server = createServer(async ({ url = "/", headers }, response) => {
      if (url === "/login.css") {
        return response
          .writeHead(200, { "Content-Type": "text/css" })
          .end(readFileSync("examples/login-page/public/login.css"));
      }
      const etag = headers["if-none-match"];
      const answer: Response = await app.fetch(
        new Request(`http://page${url}`, etag ? { headers: { "If-None-Match": etag } } : {}),
        env,
        { waitUntil() {} },
      );
      const body = Buffer.from(await answer.arrayBuffer());
      answer.headers.delete("Content-Encoding");
      return response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(body);
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
  }

  beforeAll(async () => {
    const { db, file } = await createFileStore();
    await storeToken(db, "reader", { name: "reader", scope: "sources:read", createdAt: 0, expiresAt: null });
    const [usual] = readFixture("company-2026").results as [OAuthSource];
    const authentik = iconAuthentik(usual);
    const script = authentik.sources.find(({ slug }) => slug === "script") as OAuthSource;
    authentik.sources = Object.entries(shown).map(([slug, [name, icons]], i) => ({
      ...{ ...usual, pk: `00000000-0000-4000-9000-00000000000${i}`, icon: "", icon_themed_urls: null, enabled: true },
      ...{ slug, name, ...icons },
    }));
    authentik.sources.push({ ...script, enabled: true, name: "Zz script" });
    for (const [name, body] of Object.entries(drawings))
      authentik.files[`${authentikOrigin}/media/${name}`] = { type: "image/svg+xml", body };
    expect(await syncSources(db, authentik.options)).toMatchObject({ outcome: "changed", error: null, warnings: 1 });
    store = await startLibsqlBridge({ file });
    dev = await startDev(["--port", "0"], { LIBSQL_URL: store.url, AUTHENTIK_URL: authentikOrigin });
    page = await serveExample();
    browser = await startChromium();
  });

  afterAll(async () => {
    page?.close();
    await Promise.all([browser?.close(), dev?.stop()]);
    await store?.close();
  });

  it.each(looks)("are all on the login page, in $scheme, which its picture shows", async (look) => {
    const opened = await openPage(browser, page, "/", look);
    const icons = await opened.page.locator("img").evaluateAll((images) =>
      images.map((image) => {
        const { currentSrc, naturalWidth } = image as unknown as { currentSrc: string; naturalWidth: number };
        return [new URL(currentSrc).pathname + new URL(currentSrc).search, naturalWidth > 0];
      }),
    );
    const theme = `?theme=${look.scheme}`;
    expect(icons).toEqual(
      ["aurora", "basalt", "cobalt", "fjord", "script"].map((slug) => [`/icons/${slug}${theme}`, true]),
    );
    expect(await opened.page.locator("svg text").allTextContents()).toEqual(["D", "E"]);
    const cobalt = await (await fetch(`${page.origin}/icons/cobalt${theme}`)).text();
    expect(cobalt).toBe(drawings[`cobalt-${look.scheme}.svg`]);
    expect(await (await fetch(`${page.origin}/icons/fjord${theme}`)).text()).toContain(">F</text>");
    expect(await findUnreadable(opened.page)).toEqual([]);
    expect([opened.messages, opened.strangers]).toEqual([[], []]);
    // The last one is for the test below: no picture shows it.
    await opened.page.locator("li:last-child").evaluate((item) => (item as unknown as { remove(): void }).remove());
    await opened.page.keyboard.press("Tab");
    expect(await opened.page.locator(":focus-visible").textContent()).toContain("Aurora Mail");
    await takePicture(opened.page, "login-page", look);
    await closePage(opened.page);
  });

  it("run nothing where an SVG with a script is opened, which it would from elsewhere", async () => {
    const [look] = looks;
    const { page: own, strangers } = await openPage(browser, dev, "/icons/script", look);
    expect(await own.title()).not.toBe("ran");
    expect(await own.locator("circle").count()).toBe(1);
    expect(strangers).toEqual([]);
    await closePage(own);

    const elsewhere = await browser.newPage();
    await elsewhere.route("https://elsewhere.example/**", (route) =>
      route.fulfill({ contentType: "image/svg+xml", body: scriptSvg }),
    );
    await elsewhere.goto("https://elsewhere.example/script.svg");
    expect(await elsewhere.title()).toBe("ran");
    await closePage(elsewhere);
  });
});
