// Holds P17: docs/promises.md.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { listQuerySchema } from "../../src/source/query.ts";
import type { OAuthSource } from "../../src/source/source.ts";
import { readPage } from "../../src/store/page.ts";
import { syncSources } from "../../src/sync/run.ts";
import { oddValues } from "../support/odd-values.ts";
import { createFileStore } from "../support/sync-store.ts";
import { generateSources, pageOf, sendJson, startUpstream } from "../support/upstream.ts";

const [usual, other] = generateSources(2) as [OAuthSource, OAuthSource];
const companion = { ...other, enabled: true, managed: "goauthentik.io/sources/x" };

let store: Awaited<ReturnType<typeof createFileStore>>;
let upstream: Awaited<ReturnType<typeof startUpstream>>;

beforeAll(async () => {
  upstream = await startUpstream();
});

afterAll(() => upstream.close());

beforeEach(async () => {
  store = await createFileStore([usual, companion]);
});

const sync = () => syncSources(store.db, { upstream: upstream.origin, token: "ak-0123456789abcdef" });

/** Lets authentik disable the companion, and give the usual source with some values changed. */
function send(sent: Record<string, unknown>) {
  const raw: string[] = [];
  const page = JSON.stringify(
    pageOf([
      { ...companion, enabled: false },
      { ...usual, ...sent },
    ]),
    (_, value) => {
      if (typeof value?.rawJson !== "string") return value;
      raw.push(value.rawJson);
      return "@raw";
    },
  );
  upstream.behaviour = (response) => sendJson(response, page.replace('"@raw"', raw[0] ?? ""));
}

async function read(parameters: Record<string, string>) {
  const page = await readPage(store.db, listQuerySchema.parse(parameters), "https://authentik.example");
  const results: Record<string, unknown>[] = JSON.parse(page?.body ?? "").results;
  return results;
}

const readUsual = async () => (await read({})).find(({ pk }) => pk === usual.pk) ?? {};

/** Without what only a raw value's spelling would tell. */
const comparable = (sent: Record<string, unknown>) =>
  Object.entries(sent).filter(([, value]) => !Object.hasOwn(Object(value), "rawJson"));

describe("a run that meets", () => {
  it("is tried with 63 values or more", () => {
    expect(oddValues.length).toBeGreaterThanOrEqual(63);
    expect(new Set(oddValues.map(({ name }) => name)).size).toBe(oddValues.length);
  });

  it.each(oddValues)(
    "$name takes all else, warns of source and key where it costs a value, and then finds nothing new",
    async ({ sent, served = {}, columns = {}, warnings = [], isHeld = false }) => {
      const before = await readUsual();
      send(sent);
      const run = await sync();
      expect(run).toMatchObject({ outcome: "changed", error: null, removed: 0 });
      expect((await read({ enabled: "false" })).map(({ pk }) => pk)).toContain(companion.pk);

      const slug = String(sent.slug ?? usual.slug);
      const told = run.firstWarnings.map(({ source, key, what }) => ({ source, key, what }));
      expect(told).toEqual(warnings.map(([key, what]) => ({ source: slug, key, what })));
      expect(run.warnings).toBe(warnings.length);
      expect(await sync()).toMatchObject({ outcome: "unchanged", unchanged: 2, warnings: warnings.length });

      const after = await readUsual();
      if (isHeld) {
        expect(after).toEqual(before);
        return;
      }
      for (const [key, value] of comparable({ ...sent, ...served })) expect(after[key], key).toEqual(value);
      const row = (await store.snapshot()).sources.find(({ pk }) => pk === usual.pk);
      expect(row).toMatchObject(columns);
      expect(JSON.stringify(row)).not.toContain("hunter2");
    },
  );
});
