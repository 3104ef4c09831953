import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumPath, startChromium } from "../support/chromium.ts";
import { type DevServer, startDev } from "../support/dev.ts";
import { closePage, findUnreadable, looks, openPage, openPictured, takePicture } from "../support/open-page.ts";
import { readFixture, temporaryFolder } from "../support/run.ts";

if (!chromiumPath)
  process.stderr.write("SKIPPED: there is no chromium here, so the docs page is not tried in a browser.\n");

const [phone, , desktop] = looks;

describe.skipIf(!chromiumPath)("the page at /docs/ in a browser", () => {
  let browser: Browser;
  let dev: DevServer;

  beforeAll(async () => {
    dev = await startDev(["--port", "0"], {
      LIBSQL_URL: `file:${join(temporaryFolder(), "store.db")}`,
      AUTHENTIK_URL: "http://authentik.example",
    });
    browser = await startChromium();
  });

  afterAll(() => Promise.all([browser.close(), dev.stop()]));

  async function authorize(page: Page, token: string) {
    await page.locator(".btn.authorize").click();
    await page.locator(".auth-container input").fill(token);
    await page.locator(".auth-btn-wrapper .authorize").click();
    await page.locator(".auth-btn-wrapper .btn-done").click();
  }

  const operationOf = (page: Page, operationId: string) => page.locator(`#operations-sources-${operationId}`);

  const open = (page: Page, operationId: string) =>
    operationOf(page, operationId).locator(".opblock-summary-control").click();

  /** Tries an operation with the values that its form has, and gives the status and the body that the page shows. */
  async function tryOut(page: Page, operationId: string) {
    await open(page, operationId);
    const operation = operationOf(page, operationId);
    await operation.locator(".btn.execute").click();
    const answer = operation.locator(".live-responses-table .response");
    const status = await answer.locator(".response-col_status").innerText();
    return { status: status.trim(), body: await answer.locator(".highlight-code code").first().innerText() };
  }

  it("loads from the Worker alone, and calls with the token that was entered", async () => {
    const { page, messages, strangers } = await openPage(browser, dev, "/docs/", desktop);
    await authorize(page, "dev-token");
    const { status, body } = await tryOut(page, "sources_oauth_list");
    expect(status).toBe("200");
    expect(JSON.parse(body)).toEqual(readFixture("company"));
    expect(await page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")).not.toContain(
      "dev-token",
    );
    expect(messages).toEqual([]);
    expect(strangers).toEqual([]);
    await closePage(page);
  });

  it("shows the 403 of a token that is no good", async () => {
    const { page, messages, strangers } = await openPage(browser, dev, "/docs/", desktop);
    await authorize(page, "wrong");
    const { status, body } = await tryOut(page, "sources_oauth_list");
    expect(status).toContain("403");
    expect(JSON.parse(body)).toEqual({ detail: "Token invalid/expired", code: "authentication_failed" });
    expect(messages).toEqual([]);
    expect(strangers).toEqual([]);
    await closePage(page);
  });

  it("leads to / and back", async () => {
    const { page } = await openPage(browser, dev, "/docs/", phone);
    await page.getByRole("link", { name: "Start page" }).click();
    await page.waitForURL(`${dev.origin}/`);
    await page.getByRole("link", { name: "API reference" }).click();
    await page.waitForURL(`${dev.origin}/docs/`);
    await closePage(page);
  });

  it("follows the system where its scheme changes", async () => {
    const { page } = await openPage(browser, dev, "/docs/", desktop);
    const ground = () => page.evaluate("getComputedStyle(document.documentElement).backgroundColor");
    const light = await ground();
    await page.emulateMedia({ colorScheme: "dark" });
    await page.locator("html.dark-mode").waitFor();
    expect(await ground()).not.toBe(light);
    await closePage(page);
  });

  describe.each(looks)("at $width px in $scheme", (look) => {
    it("is readable: what it opens with, the form for a token, and every parameter and answer of the list", async () => {
      const { page, messages } = await openPictured(browser, dev, "/docs/", look);
      await page.locator(".opblock").first().waitFor();
      expect(await findUnreadable(page)).toEqual([]);
      await page.locator(".btn.authorize").click();
      await page.locator(".auth-container input").waitFor();
      expect(await findUnreadable(page)).toEqual([]);
      await page.locator(".auth-btn-wrapper .btn-done").click();
      await open(page, "sources_oauth_list");
      await page.locator(".responses-table .headers").first().waitFor();
      expect(await findUnreadable(page)).toEqual([]);
      expect(messages).toEqual([]);
      await closePage(page);
    });

    it("is readable with a source by its slug, which its picture shows", async () => {
      const { page, messages } = await openPictured(browser, dev, "/docs/", look);
      await authorize(page, "dev-token");
      expect(await tryOut(page, "sources_oauth_retrieve")).toMatchObject({ status: "200" });
      await page.locator(".scheme-container").hover();
      expect(await findUnreadable(page)).toEqual([]);
      expect(messages).toEqual([]);
      await page.evaluate("scrollTo(0, document.querySelector('#operations-tag-sources').offsetTop)");
      await takePicture(page, "reference", look);
      await closePage(page);
    });
  });
});
