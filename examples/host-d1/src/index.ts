import { syncSources } from "authentik-sources-edge";
import { drizzle } from "drizzle-orm/d1";
import app, { type Bindings } from "./app.ts";

export default {
  fetch: app.fetch,

  /** Makes the list equal to authentik's. What became of it is in the run, and in the database (`sync_runs`). */
  async scheduled(_controller, { DB, AUTHENTIK_URL, AUTHENTIK_TOKEN }) {
    if (!AUTHENTIK_TOKEN) return;
    const run = await syncSources(drizzle(DB), { upstream: AUTHENTIK_URL, token: AUTHENTIK_TOKEN, trigger: "cron" });
    console.log(JSON.stringify(run));
  },
} satisfies ExportedHandler<Bindings>;
