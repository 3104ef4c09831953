import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { OAuthSource } from "../../src/source/source.ts";
import { readFixture } from "./run.ts";

export interface Asked {
  /** The page that was asked for. */
  page: number;
  /** How many requests there have been, this one included. */
  number: number;
}

/** What an upstream does with a request. */
export type Behaviour = (response: ServerResponse, asked: Asked, request: IncomingMessage) => void;

/** What an upstream does with a request for an icon, which is counted apart. */
export type IconBehaviour = (response: ServerResponse, request: IncomingMessage) => void;

export const isOfIcons = (path: string) => /^\/(static|media|files)\//.test(path);

/** Each path has an image of its own, and an ETag. */
export const sendIcon: IconBehaviour = (response, request) => {
  const { pathname } = new URL(request.url ?? "", "http://upstream");
  const etag = `"${pathname.length}"`;
  if (request.headers["if-none-match"] === etag) return response.writeHead(304).end();
  const svg = `<svg xmlns="http://www.w3.org/2000/svg"><desc>${pathname}</desc></svg>`;
  return response.writeHead(200, { "Content-Type": "image/svg+xml", ETag: etag }).end(svg);
};

/** A server of its own in the place of authentik, which behaves as it is told. */
export async function startUpstream(behaviour: Behaviour = servePages([])) {
  const seen: { url: string; token: string | undefined }[] = [];
  /** What `source_types/` gives; undefined: 404; a function: what it does. Asking for it is counted by no test of the list. */
  const types: unknown = undefined;
  const icons: IconBehaviour = sendIcon;
  const upstream = { origin: "", behaviour, types, icons, seen, iconsSeen: [] as IncomingMessage[], close };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://upstream");
    if (url.pathname.endsWith("/source_types/")) {
      if (typeof upstream.types === "function") upstream.types(response);
      else if (upstream.types === undefined) response.writeHead(404).end();
      else sendJson(response, upstream.types);
      return;
    }
    if (isOfIcons(url.pathname)) {
      upstream.iconsSeen.push(request);
      return upstream.icons(response, request);
    }
    seen.push({ url: url.pathname + url.search, token: request.headers.authorization });
    upstream.behaviour(response, { page: Number(url.searchParams.get("page")), number: seen.length }, request);
  });
  async function close() {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  upstream.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return upstream;
}

export const sendJson = (response: ServerResponse, body: unknown, status = 200): void => {
  response
    .writeHead(status, { "Content-Type": "application/json" })
    .end(typeof body === "string" ? body : JSON.stringify(body));
};

/** A page of a list, as authentik gives it. */
export function pageOf(rows: unknown[], page = 1, pageSize = 1_000) {
  const total = Math.max(1, Math.ceil(rows.length / pageSize));
  return {
    pagination: {
      next: page < total ? page + 1 : 0,
      previous: page - 1,
      count: rows.length,
      current: page,
      total_pages: total,
    },
    results: rows.slice((page - 1) * pageSize, page * pageSize),
  };
}

/** An authentik that is well. */
export const servePages =
  (rows: unknown[], pageSize?: number): Behaviour =>
  (response, { page }) =>
    sendJson(response, pageOf(rows, page, pageSize));

/** A source that has so many bytes as JSON text, in the form in which it is stored. */
export function padSource(source: OAuthSource, bytes: number): OAuthSource {
  const bare = { ...source, additional_scopes: "", callback_url: `/source/oauth/callback/${source.slug}/` };
  return { ...bare, additional_scopes: "x".repeat(bytes - Buffer.byteLength(JSON.stringify(bare))) };
}

/** As much as a page may have: 8 MiB in a thousand sources. */
export const largestPage = () => generateSources(1_000).map((source, i) => padSource(source, i < 608 ? 8_389 : 8_388));

/** Sources that differ in all that must be unique. */
export function generateSources(count: number, name = "Source"): OAuthSource[] {
  const { results: company } = readFixture("company");
  return Array.from({ length: count }, (_, i) => ({
    ...(company[i % company.length] as OAuthSource),
    pk: `00000000-0000-4000-8000-${String(i).padStart(12, "0")}`,
    name: `${name} ${i}`,
    slug: `source-${String(i).padStart(5, "0")}`,
    managed: null,
    // None of another host, which a run would ask for it.
    icon: `/static/${company[i % company.length]?.type.name}.svg`,
  }));
}
