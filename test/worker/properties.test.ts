// Holds P3, P4 and P5: docs/promises.md.

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { orderFields } from "../../src/source/ordering.ts";
import { canonicalQuery, filterNames, listQuerySchema } from "../../src/source/query.ts";
import { type OAuthSource, type SourcesPage, sourcesPageSchema } from "../../src/source/source.ts";
import { cacheStatus, startApp } from "../support/app.ts";
import { dose, runs } from "../support/dose.ts";
import { createStore, readFixture } from "../support/store.ts";
import { startWorker } from "../support/worker.ts";

const adversarial = await readFixture("adversarial");
let worker: ReturnType<typeof startWorker>;
let cached: ReturnType<typeof startApp>;

beforeAll(async () => {
  const store = await createStore();
  await store.load(adversarial);
  worker = startWorker(store);
  cached = startApp(store);
});

async function readPage(query: string): Promise<SourcesPage> {
  const response = await worker.list(query);
  const text = await response.text();
  expect(response.status, `${query}: ${text}`).toBe(200);
  return sourcesPageSchema.parse(JSON.parse(text));
}

const field = fc.constantFrom(...orderFields);
const term = fc.tuple(fc.constantFrom("", "-"), field).map(([sign, name]) => sign + name);

/** Values of the data itself, besides anything at all: otherwise few filters would find something. */
const someRow = fc.constantFrom(...adversarial.results);
const filter = fc
  .tuple(fc.constantFrom(...filterNames), someRow, fc.string({ unit: "binary" }), fc.boolean())
  .map(([name, row, anything, real]) => [name, real ? String(row[name] ?? "") : anything]);
const parameter = fc.oneof(
  filter,
  fc.tuple(
    fc.constant("ordering"),
    fc.array(term, { maxLength: 4 }).map((terms) => terms.join(",")),
  ),
  fc.tuple(
    fc.constant("search"),
    fc.oneof(
      fc.string({ unit: "binary" }),
      someRow.map((row) => row.name.slice(0, 3)),
    ),
  ),
  fc.tuple(fc.constant("has_jwks"), fc.constantFrom("true", "false", "1", "0", "", "no")),
  fc.tuple(fc.constant("page"), fc.oneof(fc.integer({ min: -1, max: 9 }).map(String), fc.string())),
  fc.tuple(fc.constant("page_size"), fc.oneof(fc.integer({ min: 0, max: 80 }).map(String), fc.string())),
  fc.tuple(fc.string({ unit: "binary" }), fc.string({ unit: "binary" })),
);
const query = fc
  .array(parameter, { maxLength: 6 })
  .map((pairs) => new URLSearchParams(pairs.map(([a = "", b = ""]) => [a, b])));

describe("the list, for random queries", () => {
  it("has each source once on its pages together, in every ordering", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(term, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 5, max: 40 }),
        async (terms, size) => {
          const ordering = `ordering=${terms.join(",")}`;
          const whole = await readPage(`${ordering}&page_size=1000`);
          const pages: OAuthSource[] = [];
          for (let page = 1; page !== 0; ) {
            const { results, pagination } = await readPage(`${ordering}&page_size=${size}&page=${page}`);
            pages.push(...results);
            page = pagination.next;
          }
          expect(pages).toEqual(whole.results);
          expect(new Set(pages.map((row) => row.pk)).size).toBe(adversarial.results.length);
        },
      ),
      runs({ small: 15, large: 50 }),
    );
  });

  it.each(orderFields)("by %s descending is the ascending one reversed, except for ties", async (name) => {
    const value = async (ordering: string) =>
      (await readPage(`ordering=${ordering}&page_size=1000`)).results.map((row) => row[name]);
    const ascending = await value(name);
    expect(await value(`-${name}`)).toEqual([...ascending].reverse());
    const firstNull = ascending.findIndex((each) => each === null || each === undefined);
    if (firstNull !== -1) expect(ascending.slice(firstNull).every((each) => (each ?? null) === null)).toBe(true);
  });

  it("does not depend on the order of parameters, overruled ones and unknown ones", async () => {
    await fc.assert(
      fc.asyncProperty(query, fc.infiniteStream(fc.nat()), async (parameters, numbers) => {
        const last = [...new Map(parameters)];
        const shuffled = last
          .map((pair) => ({ pair, at: numbers.next().value ?? 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ pair }) => pair);
        const overruled = last.map(([name]) => [name, "overruled"]);
        const other = new URLSearchParams([["utm_source", "x"], ...overruled, ["Name", "x"], ...shuffled]);
        const [plain, padded] = [await worker.list(`${parameters}`), await worker.list(`&&${other}&`)];
        expect(padded.status).toBe(plain.status);
        expect(await padded.json()).toEqual(await plain.json());
      }),
      runs({ small: 50, large: 200 }),
    );
  });

  it("has the same bytes cached and uncached", async () => {
    await fc.assert(
      fc.asyncProperty(query, async (parameters) => {
        const [plain, miss, hit] = [
          await worker.list(`${parameters}`),
          await cached.list(`${parameters}`),
          await cached.list(`${parameters}`),
        ];
        const text = await plain.text();
        for (const response of [miss, hit]) {
          expect(response.status).toBe(plain.status);
          expect(await response.text()).toBe(text);
        }
        if (plain.status === 200) expect(cacheStatus(hit)).toMatch(/^hit/);
      }),
      runs({ small: 60, large: 300 }),
    );
  });

  it("has a canonical query that parses to the same query and is its own canonical form", () => {
    fc.assert(
      fc.property(query, (parameters) => {
        const { success, data } = listQuerySchema.safeParse(Object.fromEntries(parameters));
        if (!success) return;
        const canonical = canonicalQuery(data);
        const again = listQuerySchema.parse(Object.fromEntries(new URLSearchParams(canonical)));
        expect(again).toEqual(data);
        expect(canonicalQuery(again)).toBe(canonical);
      }),
      runs({ small: 300, large: 20_000 }),
    );
  });

  it("is a 200 that fits the schema, a 400 or a 404", async () => {
    const statuses = new Map<number, number>();
    const numbers = { small: 300, large: 2_000 };
    await fc.assert(
      fc.asyncProperty(fc.oneof(query.map(String), fc.webQueryParameters()), async (text) => {
        const response = await worker.list(text);
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
        expect([200, 400, 404]).toContain(response.status);
        const body = await response.json();
        if (response.status === 200) sourcesPageSchema.parse(body);
      }),
      runs(numbers),
    );
    for (const status of [200, 400, 404])
      expect(statuses.get(status) ?? 0, `answers of ${status}`).toBeGreaterThan(dose(numbers) / 200);
  });
});
