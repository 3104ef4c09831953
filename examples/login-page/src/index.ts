import { createSourcesClient } from "authentik-sources-edge/client";
import { Hono } from "hono";
import { cache } from "hono/cache";
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

/** Icons come from authentik or from wherever a source says; nothing on the page runs. */
const policyOf = (authentikUrl: string) =>
  `default-src 'none'; style-src 'self'; img-src 'self' https: ${new URL(authentikUrl).origin}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

export default new Hono<Env>()
  // Without the list people can still sign in: authentik's own page has the buttons as well. This page is kept nowhere.
  .onError((error, c) => {
    console.error(error);
    c.header("Content-Security-Policy", policyOf(c.env.AUTHENTIK_URL));
    c.header("Cache-Control", "no-store");
    return c.html(loginPage([], c.env.AUTHENTIK_URL), 503);
  })
  .get("/", forEveryone, async (c) => {
    const { SOURCES, SOURCES_TOKEN, AUTHENTIK_URL } = c.env;
    const client = createSourcesClient("https://sources", { token: SOURCES_TOKEN, fetch: SOURCES });
    const response = await client.list({ enabled: "true", ordering: "name", page_size: "1000" });
    if (!response.ok) throw new Error(`the sources answered ${response.status}`);
    const { results } = await response.json();
    c.header("Content-Security-Policy", policyOf(AUTHENTIK_URL));
    return c.html(loginPage(results, AUTHENTIK_URL));
  });
