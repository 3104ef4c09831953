import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { startDev } from "../support/dev.ts";
import { descendants, filesBelow, isRunning } from "../support/processes.ts";
import { runTool, temporaryFolder } from "../support/run.ts";
import { startUpstream } from "../support/upstream.ts";

/** Starts the tool itself, without npm around it, with a folder of its own for temporary files. */
async function startTool() {
  const folder = temporaryFolder();
  const tmp = join(folder, "tmp");
  mkdirSync(tmp);
  const variables = { LIBSQL_URL: `file:${join(folder, "store.db")}`, TMPDIR: tmp };
  const dev = await startDev(["--port", "0"], variables, [process.execPath, "tools/cli.ts", "dev"]);
  const pids = descendants(dev.pid);
  onTestFinished(() => {
    for (const pid of [dev.pid, ...pids].filter(isRunning)) process.kill(pid, "SIGKILL");
  });
  return { dev, pids, files: () => filesBelow(tmp) };
}

describe("the end of npm run dev", () => {
  it.each([
    { signal: "SIGINT", code: 0 },
    { signal: "SIGTERM", code: 0 },
    { signal: "SIGHUP", code: 0 },
    { signal: "SIGKILL", code: null },
  ] as const)(
    "leaves no process and no file behind on $signal, which the tool alone is sent",
    async ({ signal, code }) => {
      const { dev, pids, files } = await startTool();
      expect(pids.length).toBeGreaterThanOrEqual(3);
      process.kill(dev.pid, signal);
      expect(await dev.ended).toBe(code);
      await vi.waitFor(() => expect(pids.filter(isRunning)).toEqual([]), 30_000);
      await vi.waitFor(() => expect(files()).toEqual([]), 30_000);
    },
  );

  it("comes with 1 where wrangler is killed, and with that of all that wrangler has started", async () => {
    const { dev, pids } = await startTool();
    const [wrangler = 0] = pids;
    process.kill(wrangler, "SIGKILL");
    expect(await dev.ended).toBe(1);
    expect(dev.output()).toContain("dev: wrangler was ended by SIGKILL");
    await vi.waitFor(() => expect(pids.filter(isRunning)).toEqual([]), 30_000);
  });

  it("comes with wrangler's code and words where wrangler cannot start", async () => {
    const taken = await startUpstream();
    const { code, stderr } = await runTool("dev", ["--port", new URL(taken.origin).port, "--ip", "127.0.0.1"], {
      LIBSQL_URL: "http://127.0.0.1:1",
    });
    await taken.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^✘ \[ERROR\] Address already in use/m);
  });
});
