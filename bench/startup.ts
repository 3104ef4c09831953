import { median } from "./measure.ts";
import { childOf, freePort, processorMs, start } from "./process.ts";
import type { ServedWorker } from "./serve.ts";

/** The processor time of a runtime that starts with this one Worker and answers once, in milliseconds. */
async function startOnce(worker: Pick<ServedWorker, "script" | "bindings">): Promise<number> {
  const port = await freePort();
  const server = await start("./serve.ts", JSON.stringify([{ ...worker, name: "worker", port }]));
  const response = await fetch(`http://127.0.0.1:${port}/healthz`);
  if (response.status !== 200) throw new Error(`the Worker answered ${response.status}`);
  const milliseconds = processorMs(childOf(server.pid));
  server.kill();
  return milliseconds;
}

/** How the Worker's start compares with a bare Hono Worker's, the runtime's own included: in turn, the median of the rounds. */
export async function compareStartup(script: string, bareScript: string, rounds: number) {
  const worker: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < rounds; round++) {
    worker.push(await startOnce({ script, bindings: {} }));
    bare.push(await startOnce({ script: bareScript, bindings: {} }));
  }
  return { ratio: median(worker.map((each, i) => each / (bare[i] ?? each))), worker, bare };
}
