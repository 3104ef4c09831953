import { join } from "node:path";
import type { Browser, Route } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { syncRuns } from "../../src/db/schema.ts";
import { fill } from "../../tools/dev/start-store.ts";
import { type LibsqlBridge, startLibsqlBridge } from "../../tools/libsql-bridge.ts";
import { migrateStore, openStore } from "../../tools/store.ts";
import { chromiumPath, startChromium } from "../support/chromium.ts";
import { type DevServer, startDev } from "../support/dev.ts";
import { closePage, findUnreadable, looks, openPage, openPictured, takePicture } from "../support/open-page.ts";
import { readFixture, run, temporaryFolder } from "../support/run.ts";

if (!chromiumPath)
  process.stderr.write("SKIPPED: there is no chromium here, so the page at / is not tried in a browser.\n");

const [phone, , desktop] = looks;

/** What /readyz calls each state of the page. */
const statuses: Record<string, string> = { Ready: "ready", "Out of date": "stale", "Store unavailable": "unavailable" };

const statusOf = async ({ origin }: DevServer) =>
  ((await (await fetch(`${origin}/readyz`)).json()) as { status: string }).status;

describe.skipIf(!chromiumPath)("the page at / in a browser", () => {
  let browser: Browser;
  let dev: DevServer;
  let store: LibsqlBridge;
  let db: ReturnType<typeof openStore>;

  let closing: Promise<void> | undefined;
  /** Once: the engine does not survive to be closed twice. */
  const closeStore = () => {
    closing ??= store.close();
    return closing;
  };

  const hoursAgo = (hours: number) => Date.now() - hours * 3_600_000 - 60_000;

  /** Over a store whose last good run of the sync began three hours ago, of the four that it may be old. */
  beforeAll(async () => {
    const file = join(temporaryFolder(), "store.db");
    db = openStore(`file:${file}`, undefined);
    await migrateStore(db);
    await fill(db, "dev-token", {});
    await db.insert(syncRuns).values({
      startedAt: hoursAgo(3),
      durationMs: 1,
      trigger: "cron",
      upstream: "https://authentik.example",
      outcome: "unchanged",
    });
    store = await startLibsqlBridge({ file });
    const variables = { LIBSQL_URL: store.url, AUTHENTIK_URL: "http://authentik.example" };
    dev = await startDev(["--port", "0"], { ...variables, SYNC_MAX_AGE_SECONDS: String(4 * 3_600) });
    browser = await startChromium();
  });

  afterAll(async () => {
    await Promise.all([browser.close(), dev.stop()]);
    db.$client.close();
    await closeStore();
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
    const { page, messages } = await openPage(browser, dev, "/", desktop);
    await page.route("**/readyz", answer);
    await page.reload();
    await page.getByText(state, { exact: true }).waitFor();
    expect(await page.locator("dd").allInnerTexts()).toEqual([state, age]);
    expect(messages).toEqual([]);
    await closePage(page);
  });

  it("shows what is to be done, where /readyz says so, and nothing in its place elsewhere", async () => {
    const { page } = await openPage(browser, dev, "/", desktop);
    await page.getByText("Ready", { exact: true }).waitFor();
    expect(await page.locator("#problem").isVisible()).toBe(false);
    const problem = "the store is D1, and lacks the table x: run `npm run db:migrate`";
    await page.route("**/readyz", json(503, { status: "unavailable", store: "d1", problem }));
    await page.reload();
    await page.getByText(problem, { exact: true }).waitFor();
    await closePage(page);
  });

  it("asks /readyz again when its tab is shown again", async () => {
    const { page } = await openPage(browser, dev, "/", desktop);
    await page.getByText("Ready", { exact: true }).waitFor();
    await page.route("**/readyz", json(503, { status: "unavailable" }));
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
    await page.getByText("Store unavailable", { exact: true }).waitFor();
    await closePage(page);
  });

  it("has a command to copy, which works with a token in it", async () => {
    const { page } = await openPage(browser, dev, "/", desktop);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    // The word stands for two seconds alone.
    const copied = page.getByRole("button", { name: "Copied" }).waitFor();
    await Promise.all([copied, page.getByRole("button", { name: "Copy" }).click()]);
    const command: string = await page.evaluate("navigator.clipboard.readText()");
    expect(command).toContain(dev.origin);
    const { stdout } = await run("sh", ["-c", command.replace("TOKEN", "dev-token")]);
    expect(JSON.parse(stdout)).toEqual(readFixture("company"));
    await closePage(page);
  });

  it("says without scripts that the state is unknown", async () => {
    const page = await browser.newPage({ javaScriptEnabled: false });
    await page.goto(dev.origin);
    expect(await page.locator("dd").allInnerTexts()).toEqual(["Unknown", "Age unknown: this page asks by script"]);
    expect(await page.getByRole("button").count()).toBe(0);
    await closePage(page);
  });

  describe.each(looks)("at $width px in $scheme", (look) => {
    it("is readable where a sync just ran, which its picture shows", async () => {
      const { page } = await openPictured(browser, dev, "/", look);
      await page.route("**/readyz", json(200, { status: "ready", sync: { age_seconds: 42 } }));
      await page.reload();
      await page.getByText("42 seconds ago").waitFor();
      expect(await findUnreadable(page)).toEqual([]);
      await takePicture(page, "home", look);
      await closePage(page);
    });
  });

  it("is checked by what finds text that is faint, too wide or broken within a word", async () => {
    const { page } = await openPage(browser, dev, "/", phone);
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

  // The Worker's own states, one after the other.
  describe.each<[string, string, () => unknown]>([
    ["Ready", "In step with authentik 3 hours ago", () => undefined],
    [
      "Out of date",
      "In step with authentik 5 hours ago, longer than allowed here",
      () => db.update(syncRuns).set({ startedAt: hoursAgo(5) }),
    ],
    ["Store unavailable", "Age unknown: only what is cached can be served", closeStore],
  ])("where /readyz says %j", (state, age, change) => {
    beforeAll(async () => {
      await change();
      await vi.waitFor(async () => expect(await statusOf(dev)).toBe(statuses[state]), 60_000);
    });

    it("says so, and how old the data is", async () => {
      const { page, messages, strangers } = await openPage(browser, dev, "/", desktop);
      await page.getByText(state, { exact: true }).waitFor();
      expect(await page.locator("dd").allInnerTexts()).toEqual([state, age]);
      expect({ messages, strangers }).toEqual({ messages: [], strangers: [] });
      await closePage(page);
    });

    it.each(looks)("is readable at $width px in $scheme", async (look) => {
      const { page } = await openPage(browser, dev, "/", look);
      await page.getByText(state, { exact: true }).waitFor();
      expect(await findUnreadable(page)).toEqual([]);
      await closePage(page);
    });
  });
});
