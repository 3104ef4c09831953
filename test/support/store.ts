import { createClient } from "@libsql/client/http";
import { drizzle } from "drizzle-orm/libsql/http";
import { inject } from "vitest";
import type { SourcesPage } from "../../src/sources/source.ts";
import { readList } from "../../src/sync/list.ts";
import { replaceSources } from "../../src/sync/write.ts";
import { storeToken } from "../../src/tokens/admin.ts";

const labUrl = inject("labUrl");

export type TestStore = Awaited<ReturnType<typeof createStore>>;

/** The token that every test store takes. */
export const token = "test-token";
/** A token that is known, but may view nothing. */
export const deniedToken = "denied-token";

/** What authentik answered: a file of `conformance/fixtures`. */
export async function readFixture(name: "company" | "adversarial" | "many"): Promise<SourcesPage> {
  return (await fetch(`${labUrl}/fixtures/${name}`)).json();
}

/** A store of its own, empty but for the tokens: a real libSQL server on loopback. */
export async function createStore(existing?: "main") {
  const id = existing ?? (await (await fetch(labUrl, { method: "POST" })).text());
  const url = `${labUrl}/${id}/`;
  const db = drizzle({ client: createClient({ url }) });
  const never = { createdAt: 0, expiresAt: null };
  await storeToken(db, token, { name: "test", scope: "sources:read", ...never });
  await storeToken(db, deniedToken, { name: "denied", scope: "none", ...never });
  return {
    url,
    db,
    /** Replaces the sources by those of a list in the API's format. */
    load: (list: unknown) => replaceSources(db, readList(list), { now: Date.now() }),
    /** Sets what happens to every request from now on: one of `faults.ts`. */
    fault: (name: string) => fetch(`${url}fault`, { method: "PUT", body: name }),
    /** How often the store has been asked. */
    requests: async () => Number(await (await fetch(`${url}requests`)).text()),
  };
}
