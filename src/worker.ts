import { Hono } from "hono";
import { createSourcesApp } from "./app.ts";
import { type Bindings, readEnv } from "./env.ts";
import { pathNotFound, renderError } from "./errors.ts";

interface Env {
  Bindings: Bindings;
}

const sources = createSourcesApp<Env>({
  database: (c) => readEnv(c.env).database,
  authentikUrl: (c) => readEnv(c.env).authentikUrl,
});

/** Served at the root and, for authentik's own clients, below `/api/v3`. */
const app = new Hono<Env>()
  .onError(renderError)
  .notFound(() => {
    throw pathNotFound();
  })
  .route("/", sources)
  .route("/api/v3", sources);

export default app;
