import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page, Route } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { syncRuns } from "../../src/db/schema.ts";
import type { StoreStatus } from "../../src/store/status.ts";
import { sentences } from "../../src/sync/warning.ts";
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

/** What /status says of a replica that has seen something. */
function busy(): StoreStatus & { not_configured: string[] } {
  const reasons = new Map([
    [3, "authentik answered 502"],
    [4, "the connection to authentik failed"],
  ]);
  const runs = Array.from({ length: 10 }, (_, i) => ({
    started_at: new Date(Date.now() - 42_000 - i * 300_000).toISOString(),
    duration_ms: 380 + ((i * 37) % 90),
    trigger: i === 0 || i === 5 ? ("webhook" as const) : ("cron" as const),
    outcome: reasons.has(i) ? ("failed" as const) : i === 0 || i === 5 ? ("changed" as const) : ("unchanged" as const),
    warnings: i < 3 ? 1 : 0,
    reason: reasons.get(i) ?? null,
  }));
  return {
    sources: 12,
    icons: { stored: 11, failed: 1, first_failed: ["okta"] },
    warnings: { count: 1, first: [{ source: "okta", key: "icon_url", what: "unavailable" }] },
    runs,
    not_configured: ["TOKEN_LIMIT", "ADDRESS_LIMIT"],
  };
}

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
    expect(await page.locator("#status dd").allInnerTexts()).toEqual([state, age]);
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

  /** Whether the page has a token anywhere but in its memory. */
  const kept = (page: Page, token: string) =>
    page.evaluate(
      `JSON.stringify([localStorage, sessionStorage, document.cookie, location.href, document.documentElement.outerHTML, [...document.querySelectorAll("input")].map((input) => input.value)]).includes("${token}")`,
    );

  async function enter(page: Page, token: string) {
    await page.getByLabel("A token that may view sources").fill(token);
    await page.getByRole("button", { name: "Show" }).click();
  }

  it("shows the status to whoever enters a token, which is forgotten with the page", async () => {
    const { page, messages, strangers } = await openPage(browser, dev, "/", desktop);
    await page.getByText("Ready", { exact: true }).waitFor();
    expect(await page.locator("#details").isVisible()).toBe(false);
    await enter(page, "dev-token");
    await page.locator("#details").waitFor();
    expect(await page.locator("#figures").innerText()).toMatch(
      /^Sources\n+12\n+Icons\n+0 stored, 0 could not be had\n+Warnings\n+0\n/,
    );
    expect(await page.locator("#figures li").allInnerTexts()).toContain("AUTHENTIK_TOKEN: no sync runs here");
    expect(await page.locator("#runs li").allInnerTexts()).toEqual(["○\nunchanged 3 hours ago, by cron, 1 ms"]);
    expect(await page.locator("#entrance").isVisible()).toBe(false);
    expect(await kept(page, "dev-token")).toBe(false);
    await page.reload();
    await page.locator("#entrance").waitFor();
    expect(await page.locator("#details").isVisible()).toBe(false);
    expect({ messages, strangers }).toEqual({ messages: [], strangers: [] });
    await closePage(page);
  });

  it.each([
    ["wrong", 403, "This token may not view sources."],
    ["wrong", 429, "Too many requests with this token: try again in a minute."],
    ["wrong", 503, "The store cannot be asked: try again in a moment."],
    ["wrong", 500, "The service does not answer this token."],
    ["trëma…", 0, "The service does not answer this token."],
  ])("says of the token %j that is answered with %i: %s", async (token, status, words) => {
    const { page, messages } = await openPage(browser, dev, "/", desktop);
    if (status > 403) await page.route("**/status", json(status, {}));
    await enter(page, token);
    await page.getByText(words, { exact: true }).waitFor();
    expect(await page.locator("#details").isVisible()).toBe(false);
    expect(await kept(page, token)).toBe(false);
    expect(messages).toEqual([]);
    await closePage(page);
  });

  it("takes what it shows away where the token is ended", async () => {
    const { page } = await openPage(browser, dev, "/", desktop);
    await enter(page, "dev-token");
    await page.locator("#details").waitFor();
    await page.route("**/status", json(403, {}));
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
    await page.getByText("This token may not view sources.").waitFor();
    expect(await page.locator("#details").isVisible()).toBe(false);
    await closePage(page);
  });

  it("shows text of others as text", async () => {
    const { page } = await openPage(browser, dev, "/", desktop);
    const odd = "<img src=x>";
    await page.route("**/status", json(200, { ...busy(), icons: { stored: 0, failed: 1, first_failed: [odd] } }));
    await enter(page, "dev-token");
    await page.getByText(odd, { exact: true }).waitFor();
    await closePage(page);
  });

  it("has the words of the tools for each warning", async () => {
    const { page } = await openPage(browser, dev, "/", desktop);
    const words = await page.evaluate("import('/docs/oddities.js').then(({ oddities }) => oddities)");
    expect(words).toEqual(sentences);
    await closePage(page);
  });

  it("says without scripts that the state is unknown", async () => {
    const page = await browser.newPage({ javaScriptEnabled: false });
    await page.goto(dev.origin);
    expect(await page.locator("#status dd").allInnerTexts()).toEqual([
      "Unknown",
      "Age unknown: this page asks by script",
    ]);
    expect(await page.getByRole("button").count()).toBe(0);
    expect(await page.getByRole("textbox").count()).toBe(0);
    await closePage(page);
  });

  describe.each(looks)("at $width px in $scheme", (look) => {
    it("is readable where a sync just ran, which its picture shows", async () => {
      const { page, messages, strangers } = await openPictured(browser, dev, "/", look);
      await page.route("**/readyz", json(200, { status: "ready", sync: { age_seconds: 42 } }));
      await page.reload();
      await page.getByText("42 seconds ago").waitFor();
      expect(await findUnreadable(page)).toEqual([]);
      expect({ messages, strangers }).toEqual({ messages: [], strangers: [] });
      await takePicture(page, "home", look);
      await closePage(page);
    });
  });

  describe.each(looks)("with a token, at $width px in $scheme", (look) => {
    it("is readable with runs that failed, which its picture shows, and with nothing set", async () => {
      const { page, messages } = await openPictured(browser, dev, "/", look);
      await page.route("**/readyz", json(200, { status: "ready", sync: { age_seconds: 42 } }));
      await page.route("**/status", json(200, busy()));
      await page.reload();
      await page.getByText("42 seconds ago").first().waitFor();
      expect(await findUnreadable(page)).toEqual([]);
      await enter(page, "dev-token");
      await page.getByText("authentik answered 502").waitFor();
      expect(await page.locator("#runs li").count()).toBe(10);
      expect(await findUnreadable(page)).toEqual([]);
      await page
        .locator("#details")
        .evaluate((details) => (details as unknown as { scrollIntoView(): void }).scrollIntoView());
      await takePicture(page, "status", look);
      const not_configured = ["AUTHENTIK_TOKEN", "AUTHENTIK_URL", "SYNC_HOOK_SECRET", "SYNC_RUNNER", "TOKEN_LIMIT"];
      await page.route("**/status", json(200, { ...busy(), runs: [], not_configured }));
      await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
      await page.getByText("None: AUTHENTIK_TOKEN is not set, so no sync runs here.").waitFor();
      expect(await findUnreadable(page)).toEqual([]);
      expect(messages).toEqual([]);
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
      expect(await page.locator("#status dd").allInnerTexts()).toEqual([state, age]);
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

describe.skipIf(!chromiumPath)("the page at / under npm run dev", () => {
  let browser: Browser;
  let dev: DevServer;

  beforeAll(async () => {
    dev = await startDev(["--port", "0"], {
      LIBSQL_URL: `file:${join(temporaryFolder(), "store.db")}`,
      DEV_TOKEN: "my-own.token",
    });
    browser = await startChromium();
  });

  afterAll(() => Promise.all([browser.close(), dev.stop()]));

  it("knows the development token, and shows the status at once", async () => {
    const { page, messages, strangers } = await openPage(browser, dev, "/", desktop);
    await page.getByText("None: AUTHENTIK_TOKEN is not set, so no sync runs here.").waitFor();
    expect(await page.locator("#age").innerText()).toBe("Not kept in step: AUTHENTIK_TOKEN is not set");
    expect(await page.locator("#entrance").isVisible()).toBe(false);
    expect({ messages, strangers }).toEqual({ messages: [], strangers: [] });
    await closePage(page);
  });

  it("has a command to copy, which works as it is", async () => {
    const { page } = await openPage(browser, dev, "/", desktop);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const copied = page.getByRole("button", { name: "Copied" }).waitFor();
    await Promise.all([copied, page.getByRole("button", { name: "Copy" }).click()]);
    const command: string = await page.evaluate("navigator.clipboard.readText()");
    const { stdout } = await run("sh", ["-c", command]);
    expect(JSON.parse(stdout).results).toHaveLength(12);
    await closePage(page);
  });

  it("is of this run alone: what a deployment would serve knows no token", () => {
    expect(readFileSync("public/docs/home.html", "utf8")).toContain("<body>");
    const files = readdirSync("public", { recursive: true, encoding: "utf8", withFileTypes: true });
    for (const file of files.filter((file) => file.isFile() && /\.(html|js|json)$/.test(file.name))) {
      expect(readFileSync(join(file.parentPath, file.name), "utf8"), file.name).not.toContain("my-own.token");
    }
  });
});
