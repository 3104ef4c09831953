import { randomUUID } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { TestProject } from "vitest/node";
import { startLibsqlServer } from "../../tools/libsql-server/server.ts";
import { migrateStore, openStore } from "../../tools/store.ts";

/**
 * Gives the tests in workerd, which can start no server, stores of their own: `POST /` makes one, with its tables, and
 * answers its name. What is asked below that address is counted, and passed on to a local libSQL server.
 */
export default async function setup(project: TestProject) {
  const folder = mkdtempSync(join(tmpdir(), "authentik-sources-edge-lab-"));
  const template = join(folder, "template.db");
  const templateDb = openStore(`file:${template}`, undefined);
  await migrateStore(templateDb);
  templateDb.$client.close();

  const stores = new Map<string, { url: string; requests: number; close(): Promise<void> }>();

  const lab = createServer(async (request, response) => {
    const [, id = "", ...path] = request.url?.split("/") ?? [];
    const store = stores.get(id);
    if (id === "fixtures") {
      response.end(readFileSync(new URL(`../conformance/fixtures/${path[0]}.json`, import.meta.url)));
    } else if (!store) {
      const name = randomUUID();
      const file = join(folder, `${name}.db`);
      copyFileSync(template, file);
      stores.set(name, { ...(await startLibsqlServer({ file })), requests: 0 });
      response.end(name);
    } else if (path.join("/") === "requests") {
      response.end(String(store.requests));
    } else {
      store.requests++;
      const { method = "GET" } = request;
      const answer = await fetch(`${store.url}/${path.join("/")}`, { method, body: await text(request) });
      response.writeHead(answer.status, { "Content-Type": "application/json" }).end(await answer.text());
    }
  });
  await new Promise<void>((resolve) => lab.listen(0, "127.0.0.1", resolve));
  project.provide("labUrl", `http://127.0.0.1:${(lab.address() as AddressInfo).port}`);

  return async () => {
    lab.close();
    lab.closeAllConnections();
    await Promise.all([...stores.values()].map((store) => store.close()));
    rmSync(folder, { recursive: true });
  };
}
