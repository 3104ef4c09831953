import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { openLibsql } from "../src/db/libsql.ts";
import { listQuerySchema } from "../src/source/query.ts";
import { readPage } from "../src/store/page.ts";
import { childOf, cores, freePort, pin, start } from "./process.ts";
import { say } from "./progress.ts";
import type { Origins } from "./scenarios.ts";
import { folder } from "./scratch.ts";
import type { ServedWorker } from "./serve.ts";

export const authentikUrl = "https://authentik.example";

function bundle(name: string, config: string, script: string): string {
  say(`bundling ${name}`);
  const outdir = join(folder, name);
  const args = ["deploy", script, "-c", config, "--dry-run", "--minify", "--outdir", outdir];
  execFileSync("wrangler", args, { stdio: ["ignore", "ignore", "inherit"] });
  return bundled(name);
}

/** The script of a Worker that `startWorkers` has bundled. */
export const bundled = (name: string) => join(folder, name, `${name}.js`);

/** What the edge sends to the store for a page, word for word. */
async function pipelineFor(storeUrl: string, pageSize: number): Promise<string> {
  let body = "";
  const recording: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    body = await request.clone().text();
    return fetch(request);
  };
  const query = listQuerySchema.parse({ page_size: String(pageSize) });
  await readPage(openLibsql({ url: storeUrl, fetch: recording }), query, authentikUrl);
  return body;
}

/** The Worker as `npm run dev` runs it, but that nothing runs out while it is measured. */
export const edge = (storeUrl: string) => ({
  name: "edge",
  script: bundled("worker"),
  bindings: {
    LIBSQL_URL: storeUrl,
    AUTHENTIK_URL: authentikUrl,
    EDGE_CACHE: "cache-api",
    CACHE_FRESH_SECONDS: "3600",
  },
});

/** Bundles every Worker of the bench, and starts them in one runtime. */
export async function startWorkers(storeUrl: string): Promise<{ origins: Origins; runtime: number; stop: () => void }> {
  const worker = bundle("worker", "wrangler.toml", "src/worker.ts");
  const { bindings } = edge(storeUrl);
  const floor = (name: string) => bundle(name, "bench/wrangler.toml", `bench/workers/${name}.ts`);
  const pipelines = { "/12": await pipelineFor(storeUrl, 12), "/100": await pipelineFor(storeUrl, 100) };
  const described: Omit<ServedWorker, "port">[] = [
    edge(storeUrl),
    { name: "logged", script: worker, bindings: { ...bindings, LOG_HITS: "1" } },
    { name: "uncached", script: worker, bindings: { ...bindings, EDGE_CACHE: "off" } },
    { name: "stale", script: worker, bindings: { ...bindings, CACHE_FRESH_SECONDS: "1", CACHE_STALE_SECONDS: "0" } },
    { name: "constant", script: floor("constant"), bindings: {} },
    { name: "match", script: floor("match"), bindings: {} },
    { name: "raw-post", script: floor("raw-post"), bindings, jsonBindings: { PIPELINES: pipelines } },
    { name: "plain", script: floor("plain"), bindings },
    { name: "bare", script: floor("bare"), bindings: {} },
  ];
  const workers: ServedWorker[] = [];
  for (const each of described) workers.push({ ...each, port: await freePort() });
  say("starting the runtime");
  const server = await start("./serve.ts", JSON.stringify(workers));
  const runtime = childOf(server.pid);
  pin(server.pid, cores.others);
  pin(runtime, cores.runtime);
  const origins = Object.fromEntries(workers.map(({ name, port }) => [name, `http://127.0.0.1:${port}`])) as Origins;
  return { origins, runtime, stop: () => server.kill() };
}
