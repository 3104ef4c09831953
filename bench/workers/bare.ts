import { Hono } from "hono";

/** What the Worker's start is measured against. */
export default new Hono().get("/healthz", (c) => c.json({ status: "ok" }));
