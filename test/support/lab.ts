import { copyFileSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { readD1Migrations } from "@cloudflare/vitest-plugin";
import type { TestProject } from "vitest/node";
import { unstable_readConfig } from "wrangler";
import { openLibsqlFile } from "../../tools/libsql-bridge.ts";
import { migrateStore, openStore } from "../../tools/store.ts";
import { faults } from "./faults.ts";
import { temporaryFolder } from "./run.ts";
import { isOfIcons, sendIcon } from "./upstream.ts";

interface LabStore {
  answer: ReturnType<typeof openLibsqlFile>["answer"];
  requests: number;
  fault: string;
  /** Resolved when another fault is set. */
  over: PromiseWithResolvers<void>;
}

const readConformance = (path: string) => readFileSync(new URL(`../conformance/${path}.json`, import.meta.url));

/**
 * Gives the tests in workerd, which can start no server, stores of their own: each name has one, with its tables, from when it
 * is first asked. What is asked below that name is counted and answered by the native engine, or met with the fault that
 * `PUT /NAME/fault` has set. Below `/authentik/FIXTURE` is an authentik that has these sources, and below `/conformance/` are
 * the files of that folder.
 */
export async function startLab(project: TestProject) {
  const folder = temporaryFolder();
  const template = join(folder, "template.db");
  const templateDb = openStore(`file:${template}`, undefined);
  await migrateStore(templateDb);
  templateDb.$client.close();
  // Its copies keep the mode in which this opens it.
  await openLibsqlFile({ file: template }).close();

  const stores = new Map<string, LabStore>();

  function makeStore(name: string): LabStore {
    const file = join(folder, `${name}.db`);
    copyFileSync(template, file);
    const { answer } = openLibsqlFile({ file });
    return { answer, requests: 0, fault: "none", over: Promise.withResolvers() };
  }

  function storeOf(name: string): LabStore {
    const store = stores.get(name) ?? makeStore(name);
    stores.set(name, store);
    return store;
  }

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const [, name = "", ...rest] = request.url?.split("/") ?? [];
    const path = rest.join("/");
    if (isOfIcons(request.url ?? "")) return sendIcon(response, request);
    const body = await text(request);
    if (name === "conformance") return response.end(readConformance(path));
    if (name === "authentik") {
      if (path.endsWith("/source_types/")) return response.writeHead(404).end();
      // No icon of another host, which a run would ask for it.
      const list = String(readConformance(`fixtures/${rest[0]}`)).replaceAll(
        /"icon": ?"https:\/\/[^/]+\//g,
        '"icon":"/static/',
      );
      return response.writeHead(200, { "Content-Type": "application/json" }).end(list);
    }
    const store = storeOf(name);
    if (path === "requests") return response.end(String(store.requests));
    if (path === "fault") {
      store.fault = body;
      store.over.resolve();
      store.over = Promise.withResolvers();
      return response.end();
    }
    store.requests++;
    const meet = faults[store.fault];
    if (!meet) throw new Error(`there is no fault "${store.fault}"`);
    return meet(response, async () => JSON.stringify(await store.answer(body)), store.over.promise);
  }

  const lab = createServer((request, response) => {
    answer(request, response).catch((error) => response.destroy(error));
  });
  await new Promise<void>((resolve) => lab.listen(0, "127.0.0.1", resolve));
  project.provide("labUrl", `http://127.0.0.1:${(lab.address() as AddressInfo).port}`);

  project.provide("migrations", await readD1Migrations("drizzle"));
  const { cache, durable_objects, exports, triggers, vars } = unstable_readConfig({ config: "wrangler.toml" });
  project.provide("wranglerConfig", { cache, durable_objects, exports, triggers, vars });

  return () => {
    lab.close();
    lab.closeAllConnections();
  };
}
