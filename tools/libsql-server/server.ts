import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { describeError, Stream, StreamError, type StreamRequest } from "./stream.ts";

export interface LibsqlServerOptions {
  /** The database file; made where there is none. */
  file: string;
  /** @default a free one */
  port?: number;
  /** Asked for as a bearer token. @default none */
  authToken?: string | undefined;
  /** How long a stream may be left alone, in milliseconds. @default 10 s, as hosted servers have it */
  idleMs?: number;
}

export interface LibsqlServer {
  url: string;
  close(): Promise<void>;
}

interface Pipeline {
  baton?: string | null;
  requests: StreamRequest[];
}

/**
 * A local libSQL server for development and tests: the one endpoint that `@libsql/client` uses over HTTP
 * (`POST /v2/pipeline`, JSON), over the native engine that this client brings. Listens on loopback only.
 */
export async function startLibsqlServer(options: LibsqlServerOptions): Promise<LibsqlServer> {
  const { file, port = 0, authToken, idleMs = 10_000 } = options;
  const streams = new Map<string, { stream: Stream; timer: NodeJS.Timeout }>();
  const idle: Stream[] = [];

  function resume(baton: string | null | undefined): Stream {
    if (!baton) return idle.pop() ?? new Stream(file);
    const known = streams.get(baton);
    if (!known) throw new StreamError("the stream has expired, or its baton was used before", "STREAM_EXPIRED");
    streams.delete(baton);
    clearTimeout(known.timer);
    return known.stream;
  }

  /** Keeps a stream for the client's next request, under a baton that works once; or for another client, where it has ended. */
  function park(stream: Stream): string | null {
    if (stream.ended) {
      stream.reset();
      idle.push(stream);
      return null;
    }
    const baton = randomUUID();
    const expire = () => {
      streams.delete(baton);
      stream.close();
    };
    streams.set(baton, { stream, timer: setTimeout(expire, idleMs) });
    return baton;
  }

  async function runPipeline({ baton, requests }: Pipeline) {
    const stream = resume(baton);
    const results = [];
    for (const request of requests) {
      try {
        results.push({ type: "ok", response: await stream.handle(request) });
      } catch (error) {
        results.push({ type: "error", error: describeError(error) });
      }
    }
    return { baton: park(stream), base_url: null, results };
  }

  async function answer(request: IncomingMessage, response: ServerResponse) {
    if (authToken && request.headers.authorization !== `Bearer ${authToken}`) {
      return send(response, 401, { message: "the auth token is missing or wrong", code: "AUTH_TOKEN_INVALID" });
    }
    if (request.method === "GET" && request.url === "/v2") return send(response, 200, {});
    if (request.method !== "POST" || request.url !== "/v2/pipeline") {
      return send(response, 404, { message: "only POST /v2/pipeline is served here", code: "NOT_FOUND" });
    }
    try {
      send(response, 200, await runPipeline((await json(request)) as Pipeline));
    } catch (error) {
      send(response, 400, describeError(error));
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
      for (const { stream, timer } of streams.values()) {
        clearTimeout(timer);
        stream.close();
      }
      for (const stream of idle) stream.close();
    },
  };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}
