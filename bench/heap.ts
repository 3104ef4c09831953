import { run } from "./measure.ts";
import { childOf, cores, freePort, pin, start } from "./process.ts";
import { say } from "./progress.ts";
import type { ServedWorker } from "./serve.ts";

export interface Heap {
  /** Different requests that were sent until then. */
  requests: number;
  /** What the isolate's heap holds then, once what nobody holds is collected, in MiB. */
  mebibytes: number;
}

/** Asks the runtime's inspector (the Chrome DevTools Protocol) what the isolate's heap holds after a collection, in MiB. */
async function heapUsed(inspectorPort: number): Promise<number> {
  const targets = (await (await fetch(`http://127.0.0.1:${inspectorPort}/json`)).json()) as {
    webSocketDebuggerUrl: string;
  }[];
  const socket = new WebSocket(targets[0]?.webSocketDebuggerUrl ?? "");
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  socket.addEventListener("open", () => {
    socket.send(JSON.stringify({ id: 1, method: "HeapProfiler.collectGarbage" }));
    socket.send(JSON.stringify({ id: 2, method: "Runtime.getHeapUsage" }));
  });
  socket.addEventListener("message", ({ data }) => {
    const { id, result, error } = JSON.parse(String(data));
    if (error) reject(new Error(`the inspector answered: ${error.message}`));
    if (id === 2) resolve(result.usedSize / 2 ** 20);
  });
  socket.addEventListener("error", () => reject(new Error("the inspector cannot be reached")));
  return promise.finally(() => socket.close());
}

const batch = 20_000;

/**
 * 2,000 pages, and no two URLs alike: a parameter that the endpoint does not know makes a request another one, and no other
 * page.
 */
const pathOf = (number: number) =>
  `/sources/oauth/?page_size=12&page=${1 + (number % 1_000)}&ordering=${number % 2_000 < 1_000 ? "name" : "slug"}&unknown=${number}`;

/** What an isolate keeps of very many different requests by a token that is good. */
export async function measureHeap(
  worker: Pick<ServedWorker, "script" | "bindings">,
  { token, requests }: { token: string; requests: number },
): Promise<Heap[]> {
  const [port, inspectorPort] = [await freePort(), await freePort()];
  const server = await start("./serve.ts", JSON.stringify([{ ...worker, name: "edge", port }]), String(inspectorPort));
  const runtime = childOf(server.pid);
  pin(server.pid, cores.others);
  pin(runtime, cores.runtime);
  const origin = `http://127.0.0.1:${port}`;
  const headers = { Authorization: `Bearer ${token}` };
  const heap = [{ requests: 0, mebibytes: await heapUsed(inspectorPort) }];
  for (let sent = 0; sent < requests; sent += batch) {
    say(`memory: ${sent.toLocaleString("en")} different requests`);
    const paths = Array.from({ length: batch }, (_, i) => pathOf(sent + i));
    await run({ origin, paths, headers, status: 200 }, { amount: batch }, runtime);
    heap.push({ requests: sent + batch, mebibytes: await heapUsed(inspectorPort) });
  }
  server.kill();
  return heap;
}
