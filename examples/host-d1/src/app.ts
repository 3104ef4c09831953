import { createSourcesApp } from "authentik-sources-edge";
import { drizzle } from "drizzle-orm/d1";
import { Hono } from "hono";

export interface Bindings {
  DB: D1Database;
  AUTHENTIK_URL: string;
  /** An API token of authentik that may view OAuth sources: a secret. Without it the list is as it was filled by hand. */
  AUTHENTIK_TOKEN?: string;
}

interface Env {
  Bindings: Bindings;
}

const sources = createSourcesApp<Env>({
  database: (c) => drizzle(c.env.DB),
  authentikUrl: (c) => c.env.AUTHENTIK_URL,
});

export default new Hono<Env>().route("/api/v3", sources).route("/", sources);
