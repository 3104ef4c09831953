import { createSourcesClient, createTrustedSourcesClient } from "authentik-sources-edge/client";
import { Hono } from "hono";

interface Env {
  Bindings: {
    /** The gateway of authentik-sources-edge: it asks for a token. */
    SOURCES: Fetcher;
    /** Its origin: whoever has this binding reads without one. */
    TRUSTED_SOURCES: Fetcher;
    SOURCES_TOKEN: string;
  };
}

/** The host of a request over a binding is only a name. */
const base = "https://sources";
const authentikUrl = "https://authentik.example";

export default new Hono<Env>()
  .get("/", async (c) => {
    const client = createSourcesClient(base, { token: c.env.SOURCES_TOKEN, fetch: c.env.SOURCES });
    const response = await client.list({ enabled: "true", ordering: "slug" });
    if (!response.ok) return c.text(`The sources answered ${response.status}.`, 502);
    const { results } = await response.json();
    return c.json(results.map(({ slug, name }) => ({ slug, name })));
  })
  .get("/trusted", async (c) => {
    const response = await createTrustedSourcesClient(c.env.TRUSTED_SOURCES, { authentikUrl }).list();
    return response.ok ? c.json(await response.json()) : c.text(`The sources answered ${response.status}.`, 502);
  })
  .get("/trusted/:slug", async (c) => {
    const client = createTrustedSourcesClient(c.env.TRUSTED_SOURCES, { authentikUrl });
    const response = await client.retrieve(c.req.param("slug"));
    if (!response.ok) return c.text(`The sources answered ${response.status}.`, 502);
    const { name, enabled } = await response.json();
    return c.json({ name, enabled });
  })
  .all("/api/v3/*", (c) => c.env.SOURCES.fetch(c.req.raw));
