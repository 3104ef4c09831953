import { createClient } from "@libsql/client/http";
import { and, asc, count, eq, isNull } from "drizzle-orm";
import { drizzle } from "drizzle-orm/libsql/http";
import { Hono } from "hono";
import { apiTokens, oauthSources } from "../../src/db/schema.ts";
import { paginate } from "../../src/source/pagination.ts";
import { digestToken } from "../../src/tokens/format.ts";

/** Peer: the same endpoint as one writes it at first. No cache; the token, the rows and the count each by a query. */
export default new Hono<{ Bindings: { LIBSQL_URL: string } }>().get("/sources/oauth/", async (c) => {
  const db = drizzle({ client: createClient({ url: c.env.LIBSQL_URL }) });
  const digest = await digestToken(c.req.header("Authorization")?.slice("Bearer ".length) ?? "");
  const isGood = and(eq(apiTokens.digest, digest), isNull(apiTokens.revokedAt));
  const [token] = await db.select().from(apiTokens).where(isGood);
  if (!token) return c.json({ detail: "Token invalid/expired" }, 403);

  const page = Number(c.req.query("page") ?? 1);
  const pageSize = Number(c.req.query("page_size") ?? 100);
  const rows = await db
    .select({ document: oauthSources.document })
    .from(oauthSources)
    .orderBy(asc(oauthSources.name), asc(oauthSources.pk))
    .limit(pageSize)
    .offset((page - 1) * pageSize);
  const [total] = await db.select({ count: count() }).from(oauthSources);
  return c.json({
    pagination: paginate(total?.count ?? 0, page, pageSize),
    results: rows.map((row) => {
      const source = JSON.parse(row.document);
      return { ...source, callback_url: `https://authentik.example${source.callback_url}` };
    }),
  });
});
