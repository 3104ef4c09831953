import { Base64 } from "../../src/base/base64.ts";
import type { OAuthSource } from "../../src/source/source.ts";
import type { SyncOptions } from "../../src/sync/run.ts";

export const authentikOrigin = "https://authentik.example";

const png = Base64.toUint8Array(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
);
const bytesOf = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
export const svgOf = (name: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><title>${name}</title><circle cx="12" cy="12" r="10"/></svg>`;
export const scriptSvg = `<?xml version="1.0"?>\n<!-- drawn by hand -->\n<svg xmlns="http://www.w3.org/2000/svg" onload="document.title='ran'"><script>document.title = "ran"; fetch("/ran")</script><style>circle { fill: teal }</style><circle r="9"/></svg>`;

type File = { type: string; body: string | Uint8Array<ArrayBuffer> } | { location: string } | "hangs" | number;

const svg = (name: string): File => ({ type: "image/svg+xml; charset=utf-8", body: svgOf(name) });

/** What is at each address, whatever its query. */
const files = (): Record<string, File> => ({
  [`${authentikOrigin}/static/authentik/sources/relative.svg`]: svg("relative"),
  [`${authentikOrigin}/files/media/public/uploaded.png`]: { type: "image/png", body: png },
  [`${authentikOrigin}/files/media/public/logo-light.svg`]: svg("light"),
  [`${authentikOrigin}/files/media/public/logo-dark.svg`]: svg("dark"),
  "https://s3.example/bucket/media/public/s3.webp": { type: "image/webp", body: bytesOf("RIFF\x10\0\0\0WEBPVP8L") },
  [`${authentikOrigin}/static/authentik/sources/moved.gif`]: { location: "https://cdn.example/moved.gif" },
  "https://cdn.example/moved.gif": { type: "image/gif", body: bytesOf("GIF89a\x01\0\x01\0") },
  "https://cdn.example/private.png": { location: "https://192.168.0.1/private.png" },
  "https://192.168.0.1/private.png": { type: "image/png", body: png },
  "https://cdn.example/large.jpg": { type: "image/jpeg", body: bytesOf(`\xff\xd8\xff${"x".repeat(300 * 1024)}`) },
  [`${authentikOrigin}/media/public/html.png`]: { type: "image/png", body: "<!doctype html><title>Sign in</title>" },
  "https://slow.example/hangs.ico": "hangs",
  [`${authentikOrigin}/media/public/script.svg`]: { type: "image/svg+xml", body: scriptSvg },
});

/** The icons of each source, by its slug; `S` stands for a signature, which is another one each time. */
const icons: Record<string, Partial<OAuthSource>> = {
  relative: { icon_url: "/static/authentik/sources/relative.svg" },
  uploaded: { icon: "uploaded.png", icon_url: `${authentikOrigin}/files/media/public/uploaded.png?token=a.b.S` },
  themed: {
    icon_url: `${authentikOrigin}/files/media/public/logo-%(theme)s.svg?token=a.b.S`,
    icon_themed_urls: {
      light: `${authentikOrigin}/files/media/public/logo-light.svg?token=a.b.S`,
      dark: `${authentikOrigin}/files/media/public/logo-dark.svg?token=a.b.S`,
    },
  },
  s3: {
    icon_url: "https://s3.example/bucket/media/public/s3.webp?X-Amz-Date=S&X-Amz-Expires=900&X-Amz-Signature=S",
  },
  data: { icon_url: `data:image/svg+xml,${encodeURIComponent(svgOf("data"))}` },
  font: { icon: "fa://fa-github", icon_url: "fa://fa-github" },
  empty: { icon: "", icon_url: null },
  moved: { icon_url: "/static/authentik/sources/moved.gif" },
  private: { icon_url: "https://cdn.example/private.png" },
  large: { icon_url: "https://cdn.example/large.jpg" },
  html: { icon_url: "/media/public/html.png" },
  hangs: { icon_url: "https://slow.example/hangs.ico" },
  script: { icon_url: "/media/public/script.svg" },
};

/** The slugs of sources whose icons can be had. */
export const copied = ["data", "moved", "relative", "s3", "script", "themed", "uploaded"];

/** An authentik of 2026 in the place of the network: each kind of icon, in a source of its own. */
export function iconAuthentik(usual: OAuthSource) {
  const sources = Object.entries(icons).map(
    ([slug, fields], i): OAuthSource => ({
      ...usual,
      ...{
        pk: `00000000-0000-4000-8000-${String(i).padStart(12, "0")}`,
        slug,
        name: slug,
        enabled: true,
        managed: null,
      },
      ...{ icon: "", icon_themed_urls: null, ...fields },
    }),
  );
  let signatures = 0;
  const authentik = {
    sources,
    files: files(),
    /** Of the list. */
    pageSize: 1_000,
    isDown: false,
    /** The requests for icons. */
    asked: [] as { url: string; headers: Headers }[],
    fetch: answer as typeof fetch,
    /** How a run asks it. */
    options: {} as SyncOptions,
  };

  function listOf(url: URL): Response {
    if (url.pathname.endsWith("/source_types/")) return new Response(null, { status: 404 });
    signatures++;
    const { pageSize, sources: all } = authentik;
    const current = Number(url.searchParams.get("page"));
    const results = all.slice((current - 1) * pageSize, current * pageSize);
    const pagination = { count: all.length, current, total_pages: Math.ceil(all.length / pageSize) };
    const text = JSON.stringify({ pagination, results }).replaceAll(/(token=a\.b\.|X-Amz-\w+=)S/g, `$1${signatures}`);
    return new Response(text, { headers: { "Content-Type": "application/json" } });
  }

  async function answer(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const request = new Request(input, init);
    const url = new URL(request.url);
    if (authentik.isDown) throw new TypeError("fetch failed");
    if (url.origin === authentikOrigin && url.pathname.startsWith("/api/")) return listOf(url);
    authentik.asked.push({ url: url.href, headers: request.headers });
    const file = authentik.files[url.origin + url.pathname] ?? 404;
    if (typeof file === "number") return new Response(null, { status: file });
    // What a time-out throws; no test waits for one.
    if (file === "hangs") throw new DOMException("too late", "TimeoutError");
    if ("location" in file) return new Response(null, { status: 302, headers: { Location: file.location } });
    const etag = `"${url.pathname}"`;
    if (request.headers.get("If-None-Match") === etag) return new Response(null, { status: 304 });
    return new Response(file.body, { headers: { "Content-Type": file.type, ETag: etag } });
  }

  authentik.options = {
    upstream: authentikOrigin,
    token: "ak-token-of-authentik",
    icons: true,
    fetch: authentik.fetch,
  };
  return authentik;
}
