import { createSourcesClient } from "authentik-sources-edge/client";
import { Hono } from "hono";
import { cache } from "hono/cache";
import { disc } from "./disc";
import { loginPage } from "./login-page";

interface Env {
  Bindings: { SOURCES: Fetcher; SOURCES_TOKEN: string; AUTHENTIK_URL: string };
}

/** The page is the same for everyone, and one entry of the cache: nothing of its query is read. */
const forEveryone = cache({
  cacheName: "login-page",
  cacheControl: "public, max-age=60",
  keyGenerator: (c) => new URL("/", c.req.url).href,
});

/** All that the page needs is of this Worker, and nothing on it runs. */
const policy =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export default new Hono<Env>()
  // Without the list people can still sign in: authentik's own page has the buttons as well. This page is kept nowhere.
  .onError((error, c) => {
    console.error(error);
    c.header("Content-Security-Policy", policy);
    c.header("Cache-Control", "no-store");
    return c.html(loginPage([], c.env.AUTHENTIK_URL), 503);
  })
  .get("/", forEveryone, async (c) => {
    const { SOURCES, SOURCES_TOKEN, AUTHENTIK_URL } = c.env;
    const client = createSourcesClient("https://sources", { token: SOURCES_TOKEN, fetch: SOURCES });
    const response = await client.list({ enabled: "true", ordering: "name", page_size: "1000" });
    if (!response.ok) throw new Error(`the sources answered ${response.status}`);
    const { results } = await response.json();
    c.header("Content-Security-Policy", policy);
    return c.html(loginPage(results, AUTHENTIK_URL));
  })
  // The copy that authentik-sources-edge has, which is there while authentik is not; a disc where there is none.
  .get("/icons/:slug{[-\\w]+}", async (c) => {
    const url = `https://sources/icons/${c.req.param("slug")}?${new URLSearchParams({ theme: c.req.query("theme") ?? "" })}`;
    const headers = { "If-None-Match": c.req.header("If-None-Match") ?? "" };
    const response = await c.env.SOURCES.fetch(url, { headers }).catch(() => undefined);
    if (response?.ok || response?.status === 304) return new Response(response.body, response);
    c.header("Cache-Control", "public, max-age=60");
    return c.body(String(disc(c.req.param("slug"))), 200, { "Content-Type": "image/svg+xml" });
  });
