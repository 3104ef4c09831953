import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import type { DevServer } from "./dev.ts";

/** Windows and schemes in which each page must be readable. */
export const looks = [
  { width: 390, height: 844, scheme: "light" },
  { width: 390, height: 844, scheme: "dark" },
  { width: 1280, height: 900, scheme: "light" },
  { width: 1280, height: 900, scheme: "dark" },
] as const;

export interface Look {
  width: number;
  height: number;
  scheme: "light" | "dark";
}

const unreadable = readFileSync(fileURLToPath(new URL("unreadable.js", import.meta.url).href), "utf8");

/** What is too wide for the window, broken within a word, or too faint for its ground. */
export const findUnreadable = (page: Page): Promise<string[]> => page.evaluate(unreadable);

/** Where the pictures are taken: the address of a deployment, in place of a port that is another one each time. */
const pictured = "https://sources.example";

/** Opens a page, and notes what it should not do: the network's own messages are not the page's. */
export async function openPage(
  browser: Browser,
  dev: Pick<DevServer, "origin">,
  path: string,
  look: Look,
  origin = dev.origin,
) {
  const { width, height, scheme } = look;
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme });
  const messages: string[] = [];
  const strangers: string[] = [];
  page.on("console", (message) => {
    if (!message.text().startsWith("Failed to load resource")) messages.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => messages.push(error.message));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin && url.protocol !== "data:") strangers.push(request.url());
  });
  if (origin !== dev.origin)
    await page.route(`${origin}/**`, async (route) => {
      const url = route.request().url().replace(origin, dev.origin);
      await route.fulfill({ response: await route.fetch({ url }) });
    });
  await page.goto(origin + path);
  return { page, messages, strangers };
}

/** Opens a page at the address that pictures show. */
export const openPictured = (browser: Browser, dev: DevServer, path: string, look: Look) =>
  openPage(browser, dev, path, look, pictured);

/** Closes a page. Requests that are under way, such as the one for its icon, are no fault of anybody's then. */
export async function closePage(page: Page): Promise<void> {
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await page.close();
}

/** With `UPDATE_SCREENSHOT=1` takes the picture of what the window shows, which docs/pictures/ holds. */
export async function takePicture(page: Page, name: string, { width, scheme }: Look): Promise<void> {
  if (!process.env.UPDATE_SCREENSHOT) return;
  const path = `docs/pictures/${name}-${width}-${scheme}.png`;
  await page.screenshot({ path, animations: "disabled", caret: "hide" });
}
