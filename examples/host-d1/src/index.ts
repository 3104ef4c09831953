import { createSourcesApp } from "authentik-sources-edge";
import { drizzle } from "drizzle-orm/d1";
import { Hono } from "hono";

interface Env {
  Bindings: { DB: D1Database; AUTHENTIK_URL: string };
}

const sources = createSourcesApp<Env>({
  database: (c) => drizzle(c.env.DB),
  authentikUrl: (c) => c.env.AUTHENTIK_URL,
});

export default new Hono<Env>().route("/api/v3", sources).route("/", sources);
