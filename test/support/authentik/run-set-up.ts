import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Connection } from "../../../tools/authentik/connection.ts";
import type { Step } from "../../../tools/authentik/ensure.ts";
import type { Hook } from "../../../tools/authentik/hook.ts";
import { removeAll } from "../../../tools/authentik/remove.ts";
import { setUp } from "../../../tools/authentik/set-up.ts";
import { type Authentik, adminToken } from "./stub.ts";

interface Options {
  hook?: Hook | undefined;
  dryRun?: boolean;
  remove?: boolean;
  connection?: Partial<Connection>;
}

/** Sets an authentik up in this process, and tells what was said. */
export async function runSetUp({ origin }: Pick<Authentik, "origin">, options: Options = {}) {
  const lines: string[] = [];
  const told: { name: string; value: string; isNew: boolean }[] = [];
  const connection: Connection = {
    api: new URL("/api/v3/", origin),
    token: adminToken,
    secrets: new Set([adminToken]),
    remedy: "take a better token",
    deadlineMs: 5_000,
    fetch,
    ...options.connection,
  };
  const step: Step = {
    connection,
    dryRun: options.dryRun ?? false,
    report: (line) => lines.push(line),
    tellSecret: (name, value, isNew) => told.push({ name, value, isNew }),
  };
  const run = options.remove ? removeAll(step) : setUp(step, options.hook);
  const error = await run.then(
    () => undefined,
    (reason: unknown) => (reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason)),
  );
  return { lines, told, error };
}

/** A server in the place of the Worker's hook. */
export async function startHook() {
  const hook = { address: new URL("http://127.0.0.1/"), status: 202, calls: [] as object[], close };
  const server = createServer(async (request, response) => {
    hook.calls.push({ authorization: request.headers.authorization, body: JSON.parse(await text(request)) });
    response.writeHead(hook.status).end("{}");
  });
  async function close() {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  hook.address = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/authentik`);
  return hook;
}
