import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumPath, startChromium } from "../support/chromium.ts";
import { type DevServer, startDev } from "../support/dev.ts";
import { readFixture, temporaryFolder } from "../support/run.ts";

if (!chromiumPath)
  process.stderr.write("SKIPPED: there is no chromium here, so the docs page is not tried in a browser.\n");

let dev: DevServer;

beforeAll(async () => {
  dev = await startDev(["--port", "0"], {
    LIBSQL_URL: `file:${join(temporaryFolder(), "store.db")}`,
    AUTHENTIK_URL: "http://authentik.example",
  });
});

afterAll(() => dev.stop());

describe("the static files", () => {
  it.each(["/docs/", "/docs/page.js", "/docs/swagger-ui-bundle.js"])("say at %s what a page may load", async (path) => {
    const { status, headers } = await fetch(dev.origin + path);
    expect(status).toBe(200);
    const policy = headers.get("Content-Security-Policy");
    expect(policy).toContain("default-src 'none'; script-src 'self';");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(headers.get("Referrer-Policy")).toBe("no-referrer");
  });

  it("hold the document, which every page may read", async () => {
    const { status, headers } = await fetch(`${dev.origin}/openapi.json`);
    expect(status).toBe(200);
    expect(headers.get("Content-Type")).toContain("application/json");
    expect(headers.get("Access-Control-Allow-Origin")).toBe("*");
  });

  it.each([
    ["GET", "/", 404],
    ["GET", "/docs/nothing", 404],
    ["GET", "/_headers", 404],
    ["GET", "/openapi.yaml", 404],
    ["POST", "/sources/oauth/", 405],
    ["HEAD", "/sources/oauth/", 403],
    ["OPTIONS", "/sources/oauth/", 204],
    ["GET", "/sources/oauth", 308],
  ])("leave %s %s to the Worker, which answers %i", async (method, path, status) => {
    const response = await fetch(dev.origin + path, { method, redirect: "manual" });
    expect(response.status).toBe(status);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    if (status === 404) expect(await response.json()).toEqual({ detail: "Not found.", code: "not_found" });
  });
});

describe.skipIf(!chromiumPath)("the page in a browser", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await startChromium();
  });

  afterAll(() => browser.close());

  /** Opens the page and notes what it should not do. */
  async function openPage() {
    const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
    const messages: string[] = [];
    const strangers: string[] = [];
    page.on("console", (message) => messages.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => messages.push(error.message));
    page.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (origin !== dev.origin && protocol !== "data:") strangers.push(request.url());
    });
    await page.goto(`${dev.origin}/docs/`);
    await page.locator(".opblock").first().waitFor();
    return { page, messages, strangers };
  }

  async function authorize(page: Page, token: string) {
    await page.locator(".btn.authorize").click();
    await page.locator(".auth-container input").fill(token);
    await page.locator(".auth-btn-wrapper .authorize").click();
    await page.locator(".auth-btn-wrapper .btn-done").click();
  }

  /** Tries an operation with the values that its form has, and gives the status and the body that the page shows. */
  async function tryOut(page: Page, operationId: string) {
    const operation = page.locator(`#operations-sources-${operationId}`);
    await operation.locator(".opblock-summary-control").click();
    await operation.locator(".btn.execute").click();
    const answer = operation.locator(".live-responses-table .response");
    const status = await answer.locator(".response-col_status").innerText();
    return { status: status.trim(), body: await answer.locator(".highlight-code code").first().innerText() };
  }

  it("loads from the Worker alone, and calls with the token that was entered", async () => {
    const { page, messages, strangers } = await openPage();
    await authorize(page, "dev-token");
    const { status, body } = await tryOut(page, "sources_oauth_list");
    expect(status).toBe("200");
    expect(JSON.parse(body)).toEqual(readFixture("company"));
    expect(await page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")).not.toContain(
      "dev-token",
    );
    expect(messages).toEqual([]);
    expect(strangers).toEqual([]);
    await page.close();
  });

  it("shows the 403 of a token that is no good", async () => {
    const { page, strangers } = await openPage();
    await authorize(page, "wrong");
    const { status, body } = await tryOut(page, "sources_oauth_list");
    expect(status).toContain("403");
    expect(JSON.parse(body)).toEqual({ detail: "Token invalid/expired", code: "authentication_failed" });
    expect(strangers).toEqual([]);
    await page.close();
  });

  /** `UPDATE_SCREENSHOT=1` makes the picture anew. */
  it("shows a source by its slug; this is what docs/docs-page.png shows", async () => {
    const { page } = await openPage();
    await page.setViewportSize({ width: 1280, height: 1240 });
    await authorize(page, "dev-token");
    expect(await tryOut(page, "sources_oauth_retrieve")).toMatchObject({ status: "200" });
    await page.locator(".scheme-container").hover();
    await page.evaluate("scrollTo(0, document.querySelector('.scheme-container').offsetTop)");
    await page.screenshot({
      animations: "disabled",
      ...(process.env.UPDATE_SCREENSHOT && { path: "docs/docs-page.png" }),
    });
    await page.close();
  });
});
