import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

/** A proxy in front of a server, on a line on which everything takes so long each way. It keeps the bodies that it has passed on. */
export async function startSlowLine(target: string, delayMs: number) {
  const bodies: string[] = [];
  const proxy = createServer(async (request, response) => {
    try {
      const body = await buffer(request);
      bodies.push(body.toString());
      await sleep(delayMs);
      const { method = "GET", url = "/" } = request;
      const answer = await fetch(target + url, { method, ...(method === "GET" ? {} : { body: new Uint8Array(body) }) });
      const text = await answer.text();
      await sleep(delayMs);
      response.writeHead(answer.status, { "Content-Type": answer.headers.get("Content-Type") ?? "" }).end(text);
    } catch (error) {
      response.destroy(error instanceof Error ? error : undefined);
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    bodies,
    async close() {
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
