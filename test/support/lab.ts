import { randomUUID } from "node:crypto";
import { copyFileSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { readD1Migrations } from "@cloudflare/vitest-plugin";
import type { TestProject } from "vitest/node";
import { unstable_readConfig } from "wrangler";
import { type LibsqlBridge, startLibsqlBridge } from "../../tools/libsql-bridge.ts";
import { writeAssets } from "../../tools/openapi/assets.ts";
import { migrateStore, openStore } from "../../tools/store.ts";
import { faults } from "./faults.ts";
import { temporaryFolder } from "./run.ts";

interface LabStore {
  server: LibsqlBridge;
  requests: number;
  fault: string;
}

/**
 * Gives the tests in workerd, which can start no server, stores of their own: `POST /` makes one, with its tables, and
 * answers its name. What is asked below that name is counted and passed on to a local libSQL server, or met with the fault
 * that `PUT /NAME/fault` has set. Below `/authentik/FIXTURE` is an authentik that has these sources. One store, `main`, is
 * there from the start, for the Worker that the test runner runs, and so are its static files.
 */
export default async function setup(project: TestProject) {
  writeAssets();
  const folder = temporaryFolder();
  const template = join(folder, "template.db");
  const templateDb = openStore(`file:${template}`, undefined);
  await migrateStore(templateDb);
  templateDb.$client.close();

  const stores = new Map<string, LabStore>();

  async function makeStore(name: string) {
    const file = join(folder, `${name}.db`);
    copyFileSync(template, file);
    stores.set(name, { server: await startLibsqlBridge({ file }), requests: 0, fault: "none" });
    return name;
  }

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const [, name = "", ...rest] = request.url?.split("/") ?? [];
    const path = rest.join("/");
    const body = await text(request);
    const store = stores.get(name);
    if (name === "fixtures") {
      response.end(readFileSync(new URL(`../conformance/fixtures/${path}.json`, import.meta.url)));
    } else if (name === "authentik" && path.endsWith("/source_types/")) {
      response.writeHead(404).end();
    } else if (name === "authentik") {
      const fixture = new URL(`../conformance/fixtures/${rest[0]}.json`, import.meta.url);
      response.writeHead(200, { "Content-Type": "application/json" }).end(readFileSync(fixture));
    } else if (!store) {
      response.end(await makeStore(randomUUID()));
    } else if (path === "requests") {
      response.end(String(store.requests));
    } else if (path === "fault") {
      store.fault = body;
      response.end();
    } else {
      store.requests++;
      const meet = faults[store.fault];
      if (!meet) throw new Error(`there is no fault "${store.fault}"`);
      await meet(response, () => fetch(`${store.server.url}/${path}`, { method: request.method ?? "GET", body }));
    }
  }

  await makeStore("main");
  const lab = createServer((request, response) => {
    answer(request, response).catch((error) => response.destroy(error));
  });
  await new Promise<void>((resolve) => lab.listen(0, "127.0.0.1", resolve));
  project.provide("labUrl", `http://127.0.0.1:${(lab.address() as AddressInfo).port}`);

  project.provide("migrations", await readD1Migrations("drizzle"));
  const { cache, durable_objects, exports, triggers, vars } = unstable_readConfig({ config: "wrangler.toml" });
  project.provide("wranglerConfig", { cache, durable_objects, exports, triggers, vars });

  return async () => {
    lab.close();
    lab.closeAllConnections();
    await Promise.all([...stores.values()].map(({ server }) => server.close()));
  };
}
