import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, type TestContext, vi } from "vitest";
import { type Authentik, adminToken, startAuthentik } from "../support/authentik/stub.ts";
import { account, type CloudflareStandIn, cloudflareToken, startCloudflare } from "../support/cloudflare/stand-in.ts";
import { filesBelow, isRunning } from "../support/processes.ts";
import { readFixture, temporaryFolder } from "../support/run.ts";
import { pageOf, sendJson } from "../support/upstream.ts";

let authentik: Authentik;
let cloudflare: CloudflareStandIn;

beforeAll(async () => {
  [authentik, cloudflare] = await Promise.all([startAuthentik("2026.8.3"), startCloudflare()]);
  cloudflare.accounts.push({ id: "b2", name: "Other" });
  authentik.intercept = (asked, response) => {
    const isList = asked === "GET /sources/oauth/";
    if (isList) sendJson(response, pageOf(readFixture("company").results));
    return isList;
  };
});

afterAll(() => Promise.all([authentik.close(), cloudflare.close()]));

beforeEach(() => {
  cloudflare.intercept = () => false;
});

/** Types a command into a terminal of its own, and then whether keys are shown there, as before. */
function openTerminal(
  { onTestFinished }: Pick<TestContext, "onTestFinished">,
  args: string,
  variables: Record<string, string> = {},
) {
  const tmp = join(temporaryFolder(), "tmp");
  mkdirSync(tmp);
  const echo = 'stty -a | grep -o -- "-\\?\\becho\\b"';
  // The shell is sent Ctrl-C too. It has a trap, or would now and then end by it before it has told the code.
  const line = `trap : INT; ${echo}; ${process.execPath} tools/cli.ts setup ${args}; echo "code $?"; ${echo}`;
  const child = spawn("script", ["-qec", line, "/dev/null"], {
    env: {
      ...process.env,
      ...{ LIBSQL_URL: "", SYNC_HOOK_SECRET: "", TERM: "xterm", TMPDIR: tmp },
      CLOUDFLARE_API_BASE_URL: cloudflare.base,
      CLOUDFLARE_API_TOKEN: cloudflareToken,
      CLOUDFLARE_ACCOUNT_ID: account,
      WRANGLER_LOG_PATH: temporaryFolder(),
      WRANGLER_CACHE_DIR: temporaryFolder(),
      ...variables,
    },
    detached: true,
  });
  const { pid = 0 } = child;
  onTestFinished(() => {
    if (isRunning(pid)) process.kill(-pid, "SIGKILL");
  });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  return {
    tmp,
    type: (keys: string) => child.stdin.write(keys),
    waitFor: (text: string) => vi.waitFor(() => expect(output).toContain(text), { timeout: 60_000, interval: 50 }),
    /** Until it has ended: what was shown, less what a terminal acts upon. */
    async end() {
      await ended;
      return output.replaceAll("\r", "");
    },
  };
}

const ctrlC = "\u0003";
const wasBrokenOff = /setup: broken off: .*\n(?:\^C)?code 130\necho\n$/;

describe("npm run setup in a terminal", () => {
  it("asks for the administrator's token without showing it, and ends by Ctrl-C at any question", async (test) => {
    const terminal = openTerminal(test, authentik.origin, { AUTHENTIK_ADMIN_TOKEN: "", CLOUDFLARE_ACCOUNT_ID: "" });
    await terminal.waitFor("it is not shown): ");
    terminal.type(`${adminToken}\r`);
    await terminal.waitFor("Which account?");
    await terminal.waitFor("1 to 2: ");
    terminal.type(ctrlC);
    const output = await terminal.end();
    expect(output).not.toContain(adminToken);
    expect(output).toMatch(wasBrokenOff);
    expect(filesBelow(terminal.tmp)).toEqual([]);
    expect(authentik.changes).toEqual([]);
  });

  it("ends by Ctrl-C at the first question", async (test) => {
    const terminal = openTerminal(test, authentik.origin, { AUTHENTIK_ADMIN_TOKEN: "" });
    await terminal.waitFor("it is not shown): ");
    terminal.type(`half a tok${ctrlC}`);
    const output = await terminal.end();
    expect(output).toMatch(wasBrokenOff);
    expect(output).not.toContain("half a tok");
    expect(filesBelow(terminal.tmp)).toEqual([]);
  });

  it("removes nothing by Ctrl-C at the question whether to", async (test) => {
    const terminal = openTerminal(test, `${authentik.origin} --remove`, { AUTHENTIK_ADMIN_TOKEN: adminToken });
    await terminal.waitFor("Type yes: ");
    terminal.type(ctrlC);
    expect(await terminal.end()).toMatch(wasBrokenOff);
    expect(authentik.changes).toEqual([]);
  });

  it("leaves no secret behind by Ctrl-C while it deploys", async (test) => {
    cloudflare.intercept = (asked) => asked.startsWith("PUT /workers/scripts/");
    const terminal = openTerminal(test, authentik.origin, { AUTHENTIK_ADMIN_TOKEN: adminToken });
    await terminal.waitFor("deploying the Worker");
    await vi.waitFor(() => expect(cloudflare.asked.at(-1)).toMatch(/^PUT /), { timeout: 60_000, interval: 50 });
    expect(filesBelow(terminal.tmp).filter((path) => path.endsWith("secrets.json"))).toHaveLength(1);
    terminal.type(ctrlC);
    expect(await terminal.end()).toMatch(wasBrokenOff);
    expect(filesBelow(terminal.tmp).filter((path) => path.endsWith("secrets.json"))).toEqual([]);
  });
});
