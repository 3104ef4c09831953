import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { isOfIcons, sendIcon, sendJson } from "../upstream.ts";
import { contractOf, type Described, successOf } from "./contract.ts";
import type { Version } from "./documents.ts";
import { createModel, type Reply, refuse } from "./model.ts";
import type { Row } from "./tables.ts";

export const adminToken = "ak-administrator-0123456789";

export type Authentik = Awaited<ReturnType<typeof startAuthentik>>;

/**
 * A server in the place of an authentik of some version: what comes in and what goes out is held against that version's
 * document, and what is made stays.
 */
export async function startAuthentik(version: Version) {
  const { document, describe, problemsOfRequest, problemsOfAnswer } = contractOf(version);
  const administrator: Row = { pk: 1, username: "akadmin", is_superuser: true };
  const stub = {
    model: createModel(document, version),
    origin: "",
    administrator,
    /** What was wrong with requests, or with the stub's own answers. */
    violations: [] as string[],
    /** Requests that were to change something. */
    changes: [] as string[],
    /** Answers in authentik's place, if it likes. */
    intercept: (_request: string, _response: ServerResponse): boolean => false,
    /** Whether the answer is lost on its way, though all was done. */
    loses: (_request: string): boolean => false,
    /** authentik passes over fields that it does not know; here they are violations, unless this is set. */
    dropsUnknownFields: false,
    close,
  };

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const url = new URL(request.url ?? "", "http://authentik");
    const path = url.pathname.replace(/^\/api\/v3/, "");
    const method = request.method ?? "";
    const asked = `${method} ${path}`;
    const sent = await text(request);
    if (method !== "GET") stub.changes.push(asked);
    if (stub.intercept(asked, response)) return;
    if (isOfIcons(url.pathname)) return sendIcon(response, request);

    const described = url.pathname.startsWith("/api/v3/") ? describe(method, path) : undefined;
    if (!described) {
      stub.violations.push(`${version} has no ${method} ${url.pathname}`);
      return sendJson(response, { detail: "Not found." }, 404);
    }
    let body = sent === "" ? undefined : JSON.parse(sent);
    const { problems, unknown } = problemsOfRequest(described, url.searchParams, body);
    if (stub.dropsUnknownFields) {
      body = Object.fromEntries(Object.entries(body ?? {}).filter(([name]) => !unknown.includes(name)));
    } else problems.push(...unknown.map((name) => `there is no field ${name}`));
    stub.violations.push(...problems.map((problem) => `${asked}: ${problem}`));

    const user = userOf(request.headers.authorization);
    const reply = user
      ? await stub.model.reply({ ...described, method, path, query: url.searchParams, body, user })
      : refuse(403, "Token invalid/expired");
    if (stub.loses(asked)) return response.destroy();
    send(response, described, reply);
  }

  function userOf(authorization: string | undefined): Row | undefined {
    const key = authorization?.replace(/^Bearer /, "");
    if (key === adminToken) return administrator;
    const token = stub.model.tables["/core/tokens/"].rows.find(
      ({ identifier }) => stub.model.keys.get(identifier) === key,
    );
    return stub.model.tables["/core/users/"].rows.find(({ pk, is_active }) => pk === token?.user && is_active === true);
  }

  function send(response: ServerResponse, described: Described, { status, json }: Reply) {
    if (status === undefined) {
      const problems = problemsOfAnswer(described, json);
      stub.violations.push(...problems.map((problem) => `the stub, for ${described.template}: ${problem}`));
    }
    const code = status ?? successOf(described.operation).status;
    if (json === undefined) response.writeHead(code).end();
    else sendJson(response, JSON.stringify(json), code);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      stub.violations.push(`the stub failed: ${error}`);
      response.destroy();
    });
  });

  async function close() {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stub.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return stub;
}
