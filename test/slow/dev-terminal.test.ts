import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, it, type TestContext, vi } from "vitest";
import { type DevServer, startDev } from "../support/dev.ts";
import { descendants, filesBelow, isRunning } from "../support/processes.ts";
import { readFixture, run, temporaryFolder } from "../support/run.ts";
import { drawTerminal } from "../support/terminal-picture.ts";

const patience = { timeout: 30_000, interval: 100 };

/** Types a command into a terminal that knows of colours what is said here, and nothing of this process's own settings. */
async function inTerminal(
  { onTestFinished }: Pick<TestContext, "onTestFinished">,
  command: string,
  variables: Record<string, string>,
): Promise<DevServer> {
  const { NO_COLOR, ...others } = variables;
  const env = [
    "env",
    "-u",
    "FORCE_COLOR",
    "-u",
    "NO_COLOR",
    // A machine that says it is a CI gets no colours from chalk, terminal or not.
    "-u",
    "CI",
    "TERM=xterm",
    ...(NO_COLOR ? [`NO_COLOR=${NO_COLOR}`] : []),
  ];
  const dev = await startDev([], others, [...env, "script", "-qec", command, "/dev/null"]);
  onTestFinished(() => {
    if (isRunning(dev.pid)) process.kill(dev.pid, "SIGKILL");
  });
  return dev;
}

/** From the last line with `mark` on; the first one may have a piece of npm's own in it, which turns a wheel meanwhile. */
function linesOf(dev: DevServer, mark = "Starting the Worker"): string[] {
  const lines = dev.output().replaceAll("\r", "").trimEnd().split("\n");
  return lines.slice(lines.findLastIndex((line) => line.includes(mark)));
}

/** Closes the terminal: the kernel then tells its processes so. */
async function closeTerminal(dev: DevServer) {
  const pids = descendants(dev.pid);
  expect(pids.length).toBeGreaterThan(4);
  process.kill(dev.pid, "SIGKILL");
  await vi.waitFor(() => expect(pids.filter(isRunning)).toEqual([]), patience);
}

// At the same time, since most of it is waiting for a build.
describe.concurrent("npm run dev in a terminal", () => {
  it("says where everything is, and then a line for every request; closed, it leaves nothing behind", async (test) => {
    const folder = temporaryFolder();
    const file = join(folder, "store.db");
    const tmp = join(folder, "tmp");
    mkdirSync(tmp);
    const dev = await inTerminal(test, "npm run dev -- --port 0", { LIBSQL_URL: `file:${file}`, TMPDIR: tmp });
    const { stdout } = await run("sh", ["-c", `${dev.curl} --silent --fail`]);
    expect(JSON.parse(stdout).results).toHaveLength(readFixture("company").results.length);
    expect((await fetch(`${dev.origin}/docs/`)).status).toBe(200);
    const search = `${dev.origin}/api/v3/sources/oauth/?search=git`;
    const ask = async (url: string, token: string) =>
      (await fetch(url, { headers: { Authorization: `Bearer ${token}` } })).arrayBuffer();
    for (let i = 0; i < 2; i++) await ask(search, "dev-token");
    await ask(`${dev.origin}/api/v3/sources/oauth/github/`, "dev-token");
    await ask(search, "wrong");
    expect((await fetch(`${dev.origin}/nowhere`)).status).toBe(404);
    await vi.waitFor(() => expect(dev.output()).toContain("/nowhere"), patience);
    expect(linesOf(dev).slice(1)).toEqual([
      "",
      `Worker  ${dev.origin}`,
      `Store   ${file}, with 12 sources of a sample company, since it was empty`,
      "Token   dev-token",
      `Page    ${dev.origin}/docs/`,
      "",
      "List the sources:",
      "",
      `  curl -H "Authorization: Bearer dev-token" "${dev.origin}/api/v3/sources/oauth/"`,
      "",
      "What follows is the Worker's log, a line for every request that reaches it. Ctrl-C ends it.",
      "",
      expect.stringMatching(/200.{0,5} {2}miss +\d+ ms {2}token 1 {3}GET \/api\/v3\/sources\/oauth\/$/),
      expect.stringMatching(/200.{0,5} {2}miss +\d+ ms {2}token 1 {3}GET \/api\/v3\/sources\/oauth\/$/),
      expect.stringMatching(/200.{0,5} {2}hit +\d+ ms {2}token 1 {3}GET \/api\/v3\/sources\/oauth\/$/),
      expect.stringMatching(/200.{0,5} {2}miss +\d+ ms {2}token 1 {3}GET \/api\/v3\/sources\/oauth\/github\/$/),
      expect.stringMatching(/403.{0,5} {9} +\d+ ms {12}GET \/api\/v3\/sources\/oauth\/$/),
      expect.stringMatching(/404.{0,5} {9} +\d+ ms {12}GET \/nowhere {2}\(not replicated\)$/),
    ]);
    if (process.env.UPDATE_SCREENSHOT) {
      // Of the first line npm's wheel has a piece.
      const shown = ["$ npm run dev", "Starting the Worker…", ...linesOf(dev).slice(1)].map((line) =>
        line.replaceAll(dev.origin, "http://localhost:8787").replace(file, ".data/sources.db"),
      );
      const title = "npm run dev in a terminal: where everything is, and a line for every request";
      writeFileSync("docs/pictures/terminal.svg", drawTerminal(title, shown));
    }
    await closeTerminal(dev);
    await vi.waitFor(() => expect(filesBelow(tmp)).toEqual([]), patience);
  });

  it.for([
    { name: "in colours", variables: {}, error: "\u001b[31m✘ " },
    { name: "without colours where NO_COLOR is set", variables: { NO_COLOR: "1" }, error: "✘ [ERROR] Build failed" },
  ])(
    "shows what the Worker writes, a build that fails and one that is good again, $name",
    async ({ variables, error }, test) => {
      const folder = temporaryFolder();
      const script = join(folder, "worker.ts");
      const writeWorker = (body: string) =>
        writeFileSync(script, `export default { fetch() { ${body}; return new Response("answer"); } };\n`);
      writeFileSync(
        join(folder, "wrangler.toml"),
        'name = "tried"\nmain = "worker.ts"\ncompatibility_date = "2026-10-01"\n',
      );
      writeWorker('console.log("logged\\n  below"); console.warn("warned"); console.error("failed")');
      const dev = await inTerminal(test, `npm run dev -- --port 0 -c ${folder}/wrangler.toml`, {
        ...variables,
        LIBSQL_URL: "http://127.0.0.1:1",
      });
      await fetch(dev.origin);
      await vi.waitFor(() => {
        const plain = linesOf(dev, "Ctrl-C").map(stripVTControlCharacters);
        expect(plain.filter((line) => line.trim() !== "").slice(1)).toEqual([
          "logged",
          "  below",
          "▲ [WARNING] warned",
          "✘ [ERROR] failed",
        ]);
      }, patience);

      writeWorker("const const = 1");
      await vi.waitFor(() => expect(dev.output()).toContain('Expected identifier but found "const"'), patience);
      // Included, not at its start: npm's wheel may turn on that line as well.
      expect(linesOf(dev, "Build failed")[0]).toContain(error);
      expect(linesOf(dev, "Ctrl-C").join().includes("\u001b")).toBe(!("NO_COLOR" in variables));

      writeWorker('console.log("good again")');
      await vi.waitFor(() => expect(dev.output()).toContain("Local server updated and ready"), patience);
      await fetch(dev.origin);
      await vi.waitFor(
        () => expect(linesOf(dev, "Local server updated and ready").slice(1)).toEqual(["good again"]),
        patience,
      );
      await closeTerminal(dev);
    },
  );
});
