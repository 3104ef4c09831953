import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { startLocalD1 } from "../../tools/dev/start-local-d1.ts";
import { isRunning } from "../support/processes.ts";
import { runInside, start, temporaryFolder } from "../support/run.ts";

const folder = join(temporaryFolder(), "state");
const quiet = { CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_SEND_METRICS: "false", NO_COLOR: "1", CI: "true" };

const started: number[] = [];

afterEach(() => {
  for (const pid of started.splice(0)) if (isRunning(pid)) process.kill(-pid, "SIGKILL");
});

/** What a person gets who knows wrangler and not this project. */
async function startPlain() {
  const child = start("wrangler", ["dev", "--port", "0", "--inspector-port", "0", "--persist-to", folder], quiet);
  started.push(child.pid ?? 0);
  let output = "";
  const origin = await new Promise<string>((resolve, reject) => {
    const read = (chunk: unknown) => {
      output += chunk;
      const [, found] = /Ready on (http:\/\/\S+)/.exec(output) ?? [];
      if (found) resolve(found);
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("exit", () => reject(new Error(output)));
  });
  return {
    origin,
    output: () => output,
    readyz: async () => (await fetch(`${origin}/readyz`)).json(),
    async stop() {
      const ended = new Promise((resolve) => child.once("close", resolve));
      if (child.pid) process.kill(-child.pid, "SIGINT");
      await ended;
    },
  };
}

describe("npx wrangler dev", () => {
  it("names the command that makes the tables, and serves the local D1 of npm run dev -- --d1 after that", async () => {
    const before = await startPlain();
    const problem = expect.stringContaining("`npm run dev -- --d1` for that of this machine");
    expect(await before.readyz()).toEqual({ status: "unavailable", store: "d1", problem });
    const told = /not ready: the store is D1, and lacks the table .*npm run dev -- --d1/;
    await vi.waitFor(() => expect(before.output()).toMatch(told), 30_000);
    await before.stop();

    const main = async (_: string[], io: Parameters<typeof startLocalD1>[2]) => {
      await startLocalD1(folder, "dev-token", io);
    };
    expect(await runInside({ name: "test", about: "", main }, [], { env: process.env })).toMatchObject({ code: 0 });

    const after = await startPlain();
    expect(await after.readyz()).toEqual({ status: "ready", store: "d1" });
    const response = await fetch(`${after.origin}/sources/oauth/`, { headers: { Authorization: "Bearer dev-token" } });
    expect(await response.json()).toMatchObject({ pagination: { count: 12 } });
    await after.stop();
  });
});
