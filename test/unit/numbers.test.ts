import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readPage } from "../../src/sources/page.ts";
import { listQuerySchema } from "../../src/sources/query.ts";
import { parseJson } from "../../src/sync/json.ts";
import { syncSources } from "../../src/sync/run.ts";
import { readFixture, runTool, temporaryFolder } from "../support/run.ts";
import { createFileStore } from "../support/sync-store.ts";
import { pageOf, sendJson, startUpstream } from "../support/upstream.ts";

/** As no JavaScript number would be written. */
const jwks = '{"keys":[12345678901234567890,1e400,1.0,-0,1E5,0.1000,123456789012345678901234567890,"1.0",true]}';
const [source] = readFixture("company").results;
const withJwks = (value: unknown) => JSON.stringify(value).replace('"@"', jwks);
const rows = [{ ...source, oidc_jwks: "@" }];

const listOf = async ({ db }: Awaited<ReturnType<typeof createFileStore>>) =>
  (await readPage(db, listQuerySchema.parse({ has_jwks: "true" }), "https://authentik.example"))?.body;

it("keeps the spelling of numbers from a file to the wire", async () => {
  const store = await createFileStore();
  const file = join(temporaryFolder(), "sources.json");
  writeFileSync(file, withJwks(rows));
  const { code, stderr } = await runTool("import", [file], { LIBSQL_URL: store.url });
  expect(code, stderr).toBe(0);
  expect(await listOf(store)).toContain(`"oidc_jwks":${jwks}`);
});

it("keeps the spelling of numbers from upstream to the wire", async () => {
  const store = await createFileStore();
  const upstream = await startUpstream((response) => sendJson(response, withJwks(pageOf(rows))));
  const run = await syncSources(store.db, { upstream: upstream.origin, token: "t" });
  await upstream.close();
  expect(run).toMatchObject({ outcome: "changed", error: null });
  expect(await listOf(store)).toContain(`"oidc_jwks":${jwks}`);
});

it.each(['{"a":1,"b":[true,null,"x\\"1.0"],"__proto__":{"c":2}}', '[1.5,-2,0,"\\u00e9"]'])(
  "parses %s as JSON.parse does",
  (text) => {
    expect(parseJson(text)).toEqual(JSON.parse(text));
  },
);

it.each(["", "{", "[1.0", "1.0.0", '{"a":01}', "-", "[1e400,]"])("refuses %j as JSON.parse does", (text) => {
  expect(() => parseJson(text)).toThrow(SyntaxError);
});

it("refuses a string without an end at once, however long", () => {
  const begun = performance.now();
  expect(() => parseJson(`"${'\\"'.repeat(200_000)}`)).toThrow(SyntaxError);
  expect(performance.now() - begun).toBeLessThan(1_000);
});
