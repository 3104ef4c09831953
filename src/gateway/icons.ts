import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { Base64 } from "../base/base64.ts";
import type { Cache, Cached } from "../cache/cache.ts";
import { timeToLive } from "../cache/freshness.ts";
import type { StoredResponse } from "../cache/stored-response.ts";
import { waitUntilOf } from "../http/context.ts";
import { pathNotFound, renderError } from "../http/errors.ts";
import { matchesEtag } from "../http/etag.ts";
import { unknownPath } from "../http/help.ts";
import { otherMethods } from "../http/methods.ts";
import { clientNetwork, countRequest, type RateLimiter } from "../http/rate-limit.ts";
import { newApp } from "../http/router.ts";
import type { IndexedIcon } from "../store/icons.ts";
import { iconImageKey, iconIndexKey } from "../store/key.ts";
import { cacheStatus } from "./reply.ts";

export interface IconsAppOptions {
  /** Reads what `store/icons.ts` gives. */
  read: (key: string, c: Context) => Promise<Cached<StoredResponse>>;
  /** Keeps the index. */
  cache: Cache<StoredResponse>;
  /** Keeps images, under their digests. */
  images: Cache<StoredResponse>;
  /** Counts requests for icons that there are not, by the client's address. */
  limiter?: RateLimiter | undefined;
  /** Whether the paths that documents name lead to icons too: a host has paths of its own. @default false */
  isDeployed?: boolean;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** In which order icons are looked for: the one of the other theme before the one of none. Any other text is no theme. */
const preferenceOf = (theme: string | undefined) =>
  theme === "dark" ? ["dark", "light", ""] : theme === "light" ? ["light", "dark", ""] : ["", "light", "dark"];

/** The paths of authentik's own icons, of uploads up to 2025.10, and of uploads since. */
const pathsOfDocuments = ["/static/authentik/sources/*", "/media/*", "/files/*"] as const;

const publicHeaders = { "Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff" };
const imageHeaders = {
  ...publicHeaders,
  "Cache-Control": "public, max-age=300, stale-while-revalidate=86400, stale-if-error=604800",
  // For whoever opens an SVG: its scripts do not run, and it is of no origin.
  "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
};

/** A host may mount the app below a parameter of its own: no host has this name. */
const iconPath = "/icons/:authentikIconSlug";

/**
 * The icons of enabled sources, for anyone, as authentik's own login page shows them. One cached index says what there is: a guess
 * makes no entry of a cache, and no request to the store.
 */
export function iconsApp({ read, cache, images, limiter, isDeployed = false, now }: IconsAppOptions) {
  const parse = parseOnce();

  async function readIndex(c: Context) {
    const index = await cache.get(iconIndexKey, () => read(iconIndexKey, c), waitUntilOf(c));
    return { index, icons: parse(index.value.body) };
  }

  const toIcon = createMiddleware(async function toIcon(c) {
    const { icons } = await readIndex(c);
    const icon = icons.byPath.get(new URL(c.req.url).pathname);
    if (!icon) throw unknownPath;
    const Location = `/icons/${icon.slug}${icon.theme && `?theme=${icon.theme}`}`;
    return new Response(null, {
      status: 307,
      headers: { ...publicHeaders, Location, "Cache-Control": "public, max-age=300" },
    });
  });

  const app = newApp()
    .onError(renderError)
    .get(iconPath, async (c) => {
      const { index, icons } = await readIndex(c);
      const ofSlug = icons.bySlug.get(c.req.param("authentikIconSlug"));
      const [wanted] = preferenceOf(c.req.query("theme")).flatMap((theme) => ofSlug?.get(theme) ?? []);
      if (!wanted) {
        await countRequest(limiter, clientNetwork(c), c);
        throw pathNotFound;
      }
      const ETag = `"${wanted.digest}"`;
      const headersOf = (cached: Cached<StoredResponse>) => ({
        ...imageHeaders,
        ETag,
        "Cache-Status": cacheStatus(cached, Math.floor(timeToLive(cached, now()))),
      });
      if (matchesEtag(ETag, c.req.raw)) return new Response(null, { status: 304, headers: headersOf(index) });
      const key = iconImageKey(wanted.digest);
      const image = await images.get(key, () => read(key, c), waitUntilOf(c));
      const headers = { ...headersOf(image), "Content-Type": wanted.type };
      return new Response(Base64.toUint8Array(image.value.body), { headers });
    })
    .all(iconPath, otherMethods);
  if (isDeployed) for (const path of pathsOfDocuments) app.get(path, toIcon);
  return app;
}

/** An index is parsed once for as long as it stays the same. */
function parseOnce() {
  let known: { body: string; icons: ReturnType<typeof parseIndex> } | undefined;
  return (body: string) => {
    if (known?.body !== body) known = { body, icons: parseIndex(body) };
    return known.icons;
  };
}

/** By slug and theme, and by path: of several with one path, the first. */
function parseIndex(body: string) {
  const bySlug = new Map<string, Map<string, IndexedIcon>>();
  const byPath = new Map<string, IndexedIcon>();
  const all: IndexedIcon[] = JSON.parse(body);
  for (const icon of all) {
    const ofSlug = bySlug.get(icon.slug) ?? new Map<string, IndexedIcon>();
    bySlug.set(icon.slug, ofSlug.set(icon.theme, icon));
    if (icon.path !== null && !byPath.has(icon.path)) byPath.set(icon.path, icon);
  }
  return { bySlug, byPath };
}
