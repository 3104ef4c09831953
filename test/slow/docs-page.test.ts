import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { chromiumPath, startChromium } from "../support/chromium.ts";
import { type DevServer, startDev } from "../support/dev.ts";
import { closePage, findUnreadable, looks, openPage, openPictured, takePicture } from "../support/open-page.ts";
import { described, describedResponse } from "../support/openapi.ts";
import { readFixture, run, temporaryFolder } from "../support/run.ts";

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

  it("asks below /api/v3, as authentik's clients do, unless another server is chosen", async () => {
    const { page } = await openPage(browser, dev, "/docs/", desktop);
    expect(await page.locator(".servers option").first().innerText()).toContain("/api/v3");
    await authorize(page, "dev-token");
    await tryOut(page, "sources_oauth_list");
    expect(await operationOf(page, "sources_oauth_list").locator(".request-url").innerText()).toContain(
      "/api/v3/sources",
    );
    await closePage(page);
  });

  describe("its search", () => {
    let opened: Awaited<ReturnType<typeof openPage>>;

    beforeAll(async () => {
      opened = await openPage(browser, dev, "/docs/", desktop);
    });

    afterAll(() => closePage(opened.page));

    it.each([
      ["jwks", ["/sources/oauth/"]],
      ["slug of a source", ["/sources/oauth/{slug}/"]],
      ["READYZ", ["/readyz"]],
      ["types", ["/sources/oauth/source_types/"]],
      ["nothing has this", []],
    ])("finds for %j the operations %j, and all of them again without it", async (phrase, paths) => {
      const { page, messages } = opened;
      await page.getByLabel("Search paths and parameters").fill(phrase);
      await page.getByText("/healthz").waitFor({ state: "detached" });
      expect(await page.locator(".opblock-summary-path").allInnerTexts()).toEqual(paths);
      await page.getByLabel("Search paths and parameters").fill("");
      await page.getByText("/healthz").waitFor();
      expect(messages).toEqual([]);
    });
  });

  it("has the headers of all answers in one table, each with the answers that carry it", async () => {
    const { page } = await openPage(browser, dev, "/docs/", desktop);
    await open(page, "sources_oauth_list");
    const operation = operationOf(page, "sources_oauth_list");
    await operation.locator(".all-headers").waitFor();
    expect(await operation.locator(".headers-wrapper").count()).toBe(0);
    const rows = await operation
      .locator(".all-headers tbody tr")
      .evaluateAll((all) =>
        all.map((row) =>
          Array.from((row as unknown as { cells: { innerText: string }[] }).cells, ({ innerText }) => innerText),
        ),
      );
    const answers = described.paths["/sources/oauth/"]?.get.responses ?? {};
    const carried = (name: string) => Object.keys(answers).filter((status) => name in headersOf(Number(status)));
    const headersOf = (status: number) => describedResponse("/sources/oauth/", status).headers ?? {};
    expect(rows.length).toBe(
      new Set(Object.keys(answers).flatMap((status) => Object.keys(headersOf(Number(status))))).size,
    );
    for (const [name = "", of, meaning] of rows) {
      const all = carried(name);
      expect(of, name).toBe(all.length === Object.keys(answers).length ? "all" : all.join(", "));
      expect(meaning).not.toBe("");
    }
    await closePage(page);
  });

  it("has samples for curl, fetch and the typed client, each of which works", async () => {
    const { page } = await openPage(browser, dev, "/docs/", desktop);
    await authorize(page, "dev-token");
    await tryOut(page, "sources_oauth_retrieve");
    const sample = async (name: string) => {
      await page.getByText(name, { exact: true }).click();
      return page.locator(".request-snippets .microlight, .request-snippets pre").last().innerText();
    };
    const wanted = readFixture("company").results.find(({ slug }) => slug === "github");
    const { stdout } = await run("sh", ["-c", `${await sample("curl")} --silent`]);
    expect(JSON.parse(stdout)).toEqual(wanted);
    for (const name of ["fetch", "typed client"]) {
      const code = (await sample(name)).replace(
        "authentik-sources-edge/client",
        new URL("../../src/client.ts", import.meta.url).href,
      );
      const quoted = code
        .replace(/console\.log\((response\.status, )?/, "console.log(JSON.stringify(")
        .replace(/\);?$/, "));");
      const file = join(temporaryFolder(), "sample.ts");
      writeFileSync(file, quoted);
      const ran = await run(process.execPath, [file]);
      expect(JSON.parse(ran.stdout), ran.stderr).toEqual(wanted);
    }
    await closePage(page);
  });

  it("has a sample of the typed client for each of its calls, and says so of the others", async () => {
    const { page } = await openPage(browser, dev, "/docs/", desktop);
    const samples: Record<string, string> = {
      sources_oauth_list: 'client.list({ "page": "1", "page_size": "100", "ordering": "name" })',
      sources_oauth_source_types_list: "client.sourceTypes()",
    };
    for (const [operationId, call] of Object.entries(samples)) {
      await tryOut(page, operationId);
      const operation = operationOf(page, operationId);
      await operation.getByText("typed client", { exact: true }).click();
      expect(await operation.locator(".request-snippets").innerText()).toContain(call);
    }
    await page.locator("#operations-operation-healthz .opblock-summary-control").click();
    await page.locator("#operations-operation-healthz .btn.execute").click();
    await page.locator("#operations-operation-healthz").getByText("typed client", { exact: true }).click();
    expect(await page.locator("#operations-operation-healthz .request-snippets").innerText()).toContain(
      "and not this one",
    );
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
      await page.getByLabel("Search paths and parameters").fill("jwks");
      await page.getByText("/healthz").waitFor({ state: "detached" });
      await open(page, "sources_oauth_list");
      await page.locator(".all-headers").first().waitFor();
      expect(await findUnreadable(page)).toEqual([]);
      expect(messages).toEqual([]);
      await closePage(page);
    });

    it("has Execute in sight where an operation opens, and then the answer", async () => {
      const { page } = await openPage(browser, dev, "/docs/", look);
      await authorize(page, "dev-token");
      await open(page, "sources_oauth_list");
      const operation = operationOf(page, "sources_oauth_list");
      await operation.locator(".btn.execute").waitFor();
      await operation.evaluate((block) => (block as unknown as { scrollIntoView(): void }).scrollIntoView());
      const bottom = async () => {
        const { y = 0, height = 0 } = (await operation.locator(".btn.execute").boundingBox()) ?? {};
        return y + height;
      };
      expect(await bottom()).toBeGreaterThan(0);
      expect(await bottom()).toBeLessThanOrEqual(look.height);
      // Where a person clicks, and not wherever the browser scrolls to first.
      await page.mouse.click(look.width / 4, (await bottom()) - 10);
      await operation.locator(".live-responses-table").waitFor();
      await vi.waitFor(async () => {
        const { y = -1 } = (await operation.locator(".responses-wrapper").boundingBox()) ?? {};
        expect(Math.abs(y)).toBeLessThan(look.height / 2);
      });
      expect(await findUnreadable(page)).toEqual([]);
      await closePage(page);
    });

    it("is readable with a source by its slug, which its picture shows", async () => {
      const { page, messages } = await openPictured(browser, dev, "/docs/", look);
      await authorize(page, "dev-token");
      expect(await tryOut(page, "sources_oauth_retrieve")).toMatchObject({ status: "200" });
      for (const name of ["fetch", "typed client", "curl"]) {
        await page.getByText(name, { exact: true }).click();
        expect(await findUnreadable(page)).toEqual([]);
      }
      await page.locator(".scheme-container").hover();
      expect(await findUnreadable(page)).toEqual([]);
      expect(messages).toEqual([]);
      await page.evaluate("scrollTo(0, document.querySelector('#operations-tag-sources').offsetTop)");
      await takePicture(page, "reference", look);
      await closePage(page);
    });
  });
});
