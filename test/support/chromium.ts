import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/**
 * The browser that `CHROMIUM` names, or Debian's: its build without windows, which takes a third of the processor time, or else
 * the whole one. Undefined where there is none.
 */
export const chromiumPath = [process.env.CHROMIUM, "/usr/bin/chromium-headless-shell", "/usr/bin/chromium"].find(
  (path) => path && existsSync(path),
);

/** Nothing of the browser's own is to go out, and it must run in a container. */
const args = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
];

/** Starts it without a window and with a profile of its own. */
export async function startChromium(): Promise<Browser> {
  if (!chromiumPath) throw new Error("there is no chromium");
  return chromium.launch({ executablePath: chromiumPath, args });
}
