import { createSourcesApp, openLibsql } from "authentik-sources-edge";
import { Hono } from "hono";

interface Env {
  Bindings: { LIBSQL_URL: string; LIBSQL_AUTH_TOKEN?: string; API_KEY: string; AUTHENTIK_URL: string };
}

/** Two keys of the same length are compared in the same time, wherever they differ. */
async function isEqual(a: string, b: string): Promise<boolean> {
  const digest = (text: string) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const [left, right] = await Promise.all([digest(a), digest(b)]);
  return crypto.subtle.timingSafeEqual(left, right);
}

const sources = createSourcesApp<Env>({
  database: (c) => openLibsql({ url: c.env.LIBSQL_URL, authToken: c.env.LIBSQL_AUTH_TOKEN }),
  verifyToken: async (token, c) => ((await isEqual(token, c.env.API_KEY)) ? { id: "key", mayViewSources: true } : null),
  authentikUrl: (c) => c.env.AUTHENTIK_URL,
});

export default new Hono<Env>()
  .use(async (c, next) => {
    await next();
    c.header("X-Host", "host-hono");
  })
  .onError((_, c) => c.text("The host's own error page.", 500))
  .notFound((c) => c.text("The host's own 404.", 404))
  .get("/", (c) => c.text("A host with routes of its own."))
  .route("/identity", sources);
