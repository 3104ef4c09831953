import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { childOf, cores, freePort, pin, start } from "./process.ts";
import { say } from "./progress.ts";
import { type Before, token } from "./scenarios.ts";
import { folder } from "./scratch.ts";
import type { ServedWorker } from "./serve.ts";
import { authentikUrl } from "./start-workers.ts";

/**
 * Starts the Worker of another commit in a runtime of its own, with a store that this commit's own programs fill: versions
 * read neither each other's tables nor each other's cached answers. It is built with the packages of today.
 */
export async function startBefore(commit: string, sources: number): Promise<Before & { stop: () => void }> {
  say(`building the Worker of ${commit}`);
  const root = fileURLToPath(new URL("../", import.meta.url).href);
  const checkout = join(folder, "before");
  mkdirSync(checkout);
  const archive = execFileSync("git", ["archive", commit], { cwd: root, maxBuffer: 2 ** 30 });
  execFileSync("tar", ["-x", "-C", checkout], { input: archive });
  symlinkSync(join(root, "node_modules"), join(checkout, "node_modules"));
  const args = ["deploy", "--dry-run", "--minify", "--outdir", "bundled"];
  execFileSync("wrangler", args, { cwd: checkout, stdio: ["ignore", "ignore", "inherit"] });

  say("filling its store");
  const storeProgram = pathToFileURL(join(checkout, "bench/store.ts")).href;
  const store = await start(storeProgram, join(folder, "before.db"), String(sources), token);
  pin(store.pid, cores.others);
  const bindings = { LIBSQL_URL: store.line, AUTHENTIK_URL: authentikUrl, CACHE_FRESH_SECONDS: "3600" };
  const ports = [await freePort(), await freePort()] as const;
  const workers: ServedWorker[] = (["cache-api", "off"] as const).map((cache, i) => ({
    name: cache,
    script: join(checkout, "bundled/worker.js"),
    bindings: { ...bindings, EDGE_CACHE: cache },
    port: ports[i] ?? 0,
  }));
  const server = await start("./serve.ts", JSON.stringify(workers));
  const runtime = childOf(server.pid);
  pin(server.pid, cores.others);
  pin(runtime, cores.runtime);
  const [cached, uncached] = ports.map((port) => ({ origin: `http://127.0.0.1:${port}`, processes: [runtime] }));
  if (!cached || !uncached) throw new Error("the Worker before has no port");
  const stop = () => {
    server.kill();
    store.kill();
  };
  return { cached, uncached, stop };
}
