import { join } from "node:path";
import type { Browser, Route } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { syncRuns } from "../../src/db/schema.ts";
import { migrateStore, openStore } from "../../tools/store.ts";
import { chromiumPath, startChromium } from "../support/chromium.ts";
import { type DevServer, startDev } from "../support/dev.ts";
import { closePage, findUnreadable, looks, openPage, openPictured, takePicture } from "../support/open-page.ts";
import { readFixture, run, temporaryFolder } from "../support/run.ts";

if (!chromiumPath)
  process.stderr.write("SKIPPED: there is no chromium here, so the page at / is not tried in a browser.\n");

const [phone, , desktop] = looks;

describe.skipIf(!chromiumPath)("the page at / in a browser", () => {
  let browser: Browser;
  let inStep: DevServer;
  let stale: DevServer;
  let storeless: DevServer;

  /** Over a store whose last good run of the sync began three hours ago. */
  beforeAll(async () => {
    const url = `file:${join(temporaryFolder(), "store.db")}`;
    const db = openStore(url, undefined);
    await migrateStore(db);
    await db.insert(syncRuns).values({
      startedAt: Date.now() - 3 * 3_600_000 - 60_000,
      durationMs: 1,
      trigger: "cron",
      upstream: "https://authentik.example",
      outcome: "unchanged",
    });
    db.$client.close();
    const start = (variables: Record<string, string>) =>
      startDev(["--port", "0"], { LIBSQL_URL: url, AUTHENTIK_URL: "http://authentik.example", ...variables });
    inStep = await start({});
    stale = await start({ SYNC_MAX_AGE_SECONDS: "60" });
    storeless = await start({ LIBSQL_URL: "http://127.0.0.1:1" });
    browser = await startChromium();
  });

  afterAll(() => Promise.all([browser.close(), inStep.stop(), stale.stop(), storeless.stop()]));

  const unavailableData = "Age unknown: only what is cached can be served";

  it.each([
    ["Ready", "In step with authentik 3 hours ago", () => inStep],
    ["Out of date", "In step with authentik 3 hours ago, longer than allowed here", () => stale],
    ["Store unavailable", unavailableData, () => storeless],
  ])("says %j where /readyz does", async (state, age, server) => {
    const { page, messages, strangers } = await openPage(browser, server(), "/", desktop);
    await page.getByText(state, { exact: true }).waitFor();
    expect(await page.locator("dd").allInnerTexts()).toEqual([state, age]);
    expect({ messages, strangers }).toEqual({ messages: [], strangers: [] });
    await closePage(page);
  });

  const json = (status: number, body: object) => (route: Route) => route.fulfill({ status, json: body });

  it.each<[string, string, string, (route: Route) => Promise<void>]>([
    [
      "a sync of a moment ago",
      "Ready",
      "In step with authentik 0 seconds ago",
      json(200, { status: "ready", sync: { age_seconds: 0 } }),
    ],
    [
      "a sync of two days ago",
      "Ready",
      "In step with authentik 2 days ago",
      json(200, { status: "ready", sync: { age_seconds: 200_000 } }),
    ],
    ["no sync", "Ready", "Age unknown: no sync with authentik has run", json(200, { status: "ready" })],
    [
      "no sync where there should be one",
      "Out of date",
      "No sync with authentik has run",
      json(503, { status: "stale" }),
    ],
    ["an error", "Failing", "Age unknown: the service answers with an error", json(500, { code: "error" })],
    [
      "an error that is no JSON",
      "Failing",
      "Age unknown: the service answers with an error",
      (route) => route.fulfill({ status: 502, body: "Bad gateway" }),
    ],
    [
      "an answer of something else",
      "Unknown",
      "Age unknown: this page cannot reach the service",
      (route) => route.fulfill({ body: "<p>Sign in" }),
    ],
    ["no network", "Unknown", "Age unknown: this page cannot reach the service", (route) => route.abort()],
  ])("shows %s of /readyz as %j", async (_, state, age, answer) => {
    const { page, messages } = await openPage(browser, inStep, "/", desktop);
    await page.route("**/readyz", answer);
    await page.reload();
    await page.getByText(state, { exact: true }).waitFor();
    expect(await page.locator("dd").allInnerTexts()).toEqual([state, age]);
    expect(messages).toEqual([]);
    await closePage(page);
  });

  it("asks again when one comes back to it", async () => {
    const { page } = await openPage(browser, inStep, "/", desktop);
    await page.getByText("Ready", { exact: true }).waitFor();
    await page.route("**/readyz", json(503, { status: "unavailable" }));
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
    await page.getByText("Store unavailable", { exact: true }).waitFor();
    await closePage(page);
  });

  it("gives a command to copy, which works with a token in it", async () => {
    const { page } = await openPage(browser, inStep, "/", desktop);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    // The word stands for two seconds alone.
    const copied = page.getByRole("button", { name: "Copied" }).waitFor();
    await Promise.all([copied, page.getByRole("button", { name: "Copy" }).click()]);
    const command: string = await page.evaluate("navigator.clipboard.readText()");
    expect(command).toContain(inStep.origin);
    const { stdout } = await run("sh", ["-c", command.replace("TOKEN", "dev-token")]);
    expect(JSON.parse(stdout)).toEqual(readFixture("company"));
    await closePage(page);
  });

  it("says what it is without scripts, too", async () => {
    const page = await browser.newPage({ javaScriptEnabled: false });
    await page.goto(inStep.origin);
    expect(await page.locator("dd").allInnerTexts()).toEqual(["Unknown", "Age unknown: this page asks by script"]);
    expect(await page.getByRole("button").count()).toBe(0);
    await closePage(page);
  });

  describe.each(looks)("at $width px in $scheme", (look) => {
    it.each([
      ["Ready", () => inStep],
      ["Out of date", () => stale],
      ["Store unavailable", () => storeless],
    ])("is readable where it says %j", async (state, server) => {
      const { page } = await openPage(browser, server(), "/", look);
      await page.getByText(state, { exact: true }).waitFor();
      expect(await findUnreadable(page)).toEqual([]);
      await closePage(page);
    });

    it("is readable where a sync just ran, which its picture shows", async () => {
      const { page } = await openPictured(browser, inStep, "/", look);
      await page.route("**/readyz", json(200, { status: "ready", sync: { age_seconds: 42 } }));
      await page.reload();
      await page.getByText("42 seconds ago").waitFor();
      expect(await findUnreadable(page)).toEqual([]);
      await takePicture(page, "home", look);
      await closePage(page);
    });
  });

  it("is checked by what sees text that is faint, too wide or broken within a word", async () => {
    const { page } = await openPage(browser, inStep, "/", phone);
    await page.evaluate("document.querySelector('h1').style.cssText = 'color: #ccc; width: 120vw'");
    await page.evaluate("document.querySelector('.lead').style.cssText = 'width: 3rem; overflow-wrap: anywhere'");
    expect(await findUnreadable(page)).toEqual(
      expect.arrayContaining([
        expect.stringContaining("wider than the window: h1"),
        "the page scrolls sideways",
        "broken over lines: replica",
        expect.stringMatching(/^contrast 1\.\d+: h1/),
      ]),
    );
    await closePage(page);
  });
});
