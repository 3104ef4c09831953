import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { ProtocolError, readPipeline, StatementError } from "./protocol.ts";
import { Streams } from "./streams.ts";

export interface LibsqlServerOptions {
  /** The database file; made where there is none. */
  file: string;
  /** @default a free one */
  port?: number;
  /** Asked for as a bearer token. @default none */
  authToken?: string | undefined;
  /** How long a stream may be left alone, in milliseconds. @default 10 s, as sqld has it */
  idleMs?: number;
  /** How long a transaction may keep others from writing, in milliseconds. @default 5 s, as sqld has it */
  transactionMs?: number;
}

export interface LibsqlServer {
  url: string;
  close(): Promise<void>;
}

/**
 * A local libSQL server for development and tests: the one endpoint that `@libsql/client` uses over HTTP
 * (`POST /v2/pipeline`, JSON), over the native engine that this client brings. It answers as sqld does, which a test holds it
 * to (`test/slow/sqld-parity.test.ts`). Listens on loopback only.
 */
export async function startLibsqlServer(options: LibsqlServerOptions): Promise<LibsqlServer> {
  const { file, port = 0, authToken, idleMs = 10_000, transactionMs = 5_000 } = options;
  const streams = new Streams({ file, idleMs, transactionMs });

  async function runPipeline(body: string) {
    const { baton, requests } = readPipeline(body);
    const used = await streams.use(baton, async (stream) => {
      const results = [];
      for (const request of requests) results.push(await stream.answer(request));
      return results;
    });
    return { baton: used.baton, base_url: null, results: used.result };
  }

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const { method, url, headers } = request;
    if (method === "GET" && (url === "/health" || url === "/v2")) return response.end();
    if (url !== "/v2/pipeline") return response.writeHead(404).end();
    if (method !== "POST") return response.writeHead(405).end();
    if (authToken && /^bearer (.*)$/i.exec(headers.authorization ?? "")?.[1] !== authToken) {
      return sendJson(response, 401, { error: "Unauthorized: the auth token is missing or wrong" });
    }
    try {
      sendJson(response, 200, await runPipeline(await text(request)));
    } catch (error) {
      if (error instanceof ProtocolError) {
        response.writeHead(400, { "Content-Type": "text/plain" }).end(error.message);
      } else if (error instanceof StatementError) {
        sendJson(response, 400, { message: error.message, code: error.code });
      } else {
        sendJson(response, 500, { error: String(error) });
      }
    }
  }

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      streams.end();
    },
  };
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}
