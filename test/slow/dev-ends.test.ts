import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { startDev } from "../support/dev.ts";
import { commandLine, descendants, filesBelow, isRunning, read } from "../support/processes.ts";
import { runTool, temporaryFolder } from "../support/run.ts";
import { startUpstream } from "../support/upstream.ts";

const secret = "an-api-token-of-authentik";

/** Starts the tool itself, without npm around it, with a folder of its own for temporary files. */
async function startTool() {
  const folder = temporaryFolder();
  const tmp = join(folder, "tmp");
  mkdirSync(tmp);
  const variables = { LIBSQL_URL: `file:${join(folder, "store.db")}`, TMPDIR: tmp, AUTHENTIK_TOKEN: secret };
  const dev = await startDev(["--port", "0"], variables, [process.execPath, "tools/cli.ts", "dev"]);
  const pids = descendants(dev.pid);
  onTestFinished(() => {
    for (const pid of [dev.pid, ...pids].filter(isRunning)) process.kill(pid, "SIGKILL");
  });
  return { dev, pids, files: () => filesBelow(tmp) };
}

describe("npm run dev", () => {
  it.each([
    { signal: "SIGINT", code: 0 },
    { signal: "SIGTERM", code: 0 },
    { signal: "SIGHUP", code: 0 },
    { signal: "SIGKILL", code: null },
  ] as const)("leaves no process and no file behind on $signal, told to it alone", async ({ signal, code }) => {
    const { dev, pids, files } = await startTool();
    expect(pids.length).toBeGreaterThanOrEqual(3);
    process.kill(dev.pid, signal);
    expect(await dev.ended).toBe(code);
    await vi.waitFor(() => expect(pids.filter(isRunning)).toEqual([]), 30_000);
    await vi.waitFor(() => expect(files()).toEqual([]), 30_000);
  });

  it("ends with 1 where wrangler is killed, and ends what wrangler has started", async () => {
    const { dev, pids } = await startTool();
    const [wrangler = 0] = pids;
    process.kill(wrangler, "SIGKILL");
    expect(await dev.ended).toBe(1);
    expect(dev.output()).toContain("dev: wrangler was ended by SIGKILL");
    await vi.waitFor(() => expect(pids.filter(isRunning)).toEqual([]), 30_000);
  });

  it("ends with wrangler's code and words where wrangler cannot start", async () => {
    const taken = await startUpstream();
    const { code, stderr } = await runTool("dev", ["--port", new URL(taken.origin).port, "--ip", "127.0.0.1"], {
      LIBSQL_URL: "http://127.0.0.1:1",
    });
    await taken.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^✘ \[ERROR\] Address already in use/m);
  });

  it("has no secret in a file, on a command line or in its output", async () => {
    const { dev, pids, files } = await startTool();
    const readable = [...pids.map(commandLine), ...files().map(read), dev.output()];
    expect(readable.filter((text) => text.includes(secret))).toEqual([]);
    expect(readable.join()).toContain("workerd");
    process.kill(dev.pid, "SIGINT");
    await dev.ended;
  });
});
