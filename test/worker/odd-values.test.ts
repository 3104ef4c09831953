import { createScheduledController } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import worker from "../../src/worker.ts";
import { engines } from "../support/engines.ts";
import { oddValues } from "../support/odd-values.ts";
import { type AnyStore, readFixture, token } from "../support/store.ts";
import { authentikUrl, startWorker } from "../support/worker.ts";

/** All odd values at once, each in a source of its own. */
function oddList(usual: object): string {
  const raw: string[] = [];
  const results = oddValues.map(({ sent }, i) => ({
    ...usual,
    ...{ pk: `00000000-0000-4000-8000-0000000000${i + 10}`, slug: `odd-${i}`, managed: null },
    ...sent,
  }));
  const page = { pagination: { count: results.length, current: 1, total_pages: 1 }, results };
  const text = JSON.stringify(page, (_, value) => {
    if (typeof value?.rawJson !== "string") return value;
    raw.push(value.rawJson);
    return "@raw";
  });
  return text.replaceAll('"@raw"', () => raw.shift() ?? "");
}

describe.each(engines)("the Worker's job over $engine", ({ create }) => {
  let store: AnyStore;
  let logged: string[];
  let list: string;

  beforeEach(async () => {
    store = await create();
    logged = [];
    for (const name of ["log", "error"] as const) {
      vi.spyOn(console, name).mockImplementation((line) => logged.push(line));
    }
    const { fetch } = globalThis;
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
      const url = String(input instanceof Request ? input.url : input);
      if (url.startsWith("http://")) return fetch(input, init);
      if (!url.startsWith(`${authentikUrl}/api/`))
        return new Response("<svg/>", { headers: { "Content-Type": "image/svg+xml" } });
      if (url.endsWith("/source_types/")) return new Response("Bad gateway", { status: 502 });
      return new Response(list, { headers: { "Content-Type": "application/json" } });
    });
  });

  afterEach(() => vi.restoreAllMocks());

  const runJob = () =>
    worker.scheduled(createScheduledController(), {
      ...store.bindings,
      AUTHENTIK_URL: authentikUrl,
      AUTHENTIK_TOKEN: "ak-0123",
    });

  it("takes a list of odd values, logs how many there are and the first ones, and /readyz gives their number", async () => {
    const { results } = await readFixture("company");
    list = oddList(results[0] ?? {});
    // One more than the values have: the types cannot be read.
    const warnings = oddValues.reduce((sum, odd) => sum + (odd.warnings?.length ?? 0), 1);
    const held = oddValues.filter(({ isHeld }) => isHeld).length;
    await runJob();
    const [line = {}] = logged.map((text) => JSON.parse(text)).filter(({ job }) => job === "sync");
    expect(line).toMatchObject({ outcome: "changed", error: null, added: oddValues.length - held });
    expect(line.firstWarnings).toHaveLength(10);
    expect(line.firstWarnings[0]).toMatchObject({ source: expect.any(String), key: "profile_url", what: "unsafe_url" });
    expect(line.warnings).toBe(warnings);

    const ready = await (await startWorker(store).send("/readyz")).json();
    expect(ready).toMatchObject({ status: "ready", sync: { warnings } });
    const page = await startWorker(store).list("page_size=1000&ordering=-enabled,provider_type,managed");
    expect(await page.json()).toMatchObject({ pagination: { count: oddValues.length - held } });

    for (const length of [51, 255]) {
      const headers = { Authorization: `Bearer ${token}` };
      const response = await startWorker(store).send(`/sources/oauth/${"s".repeat(length)}/`, { headers });
      expect(response.status).toBe(200);
    }

    await runJob();
    expect(JSON.parse(logged.at(-1) ?? "")).toMatchObject({ outcome: "unchanged", warnings });
  });

  it("shows a source as disabled that authentik has disabled beside an odd one", async () => {
    const { results } = await readFixture("company");
    const [odd, other] = results.map((source) => ({ ...source, enabled: true }));
    await store.load([odd, other]);
    const changed = [
      { ...odd, icon_url: "javascript:x", consumer_key: null },
      { ...other, enabled: false },
    ];
    list = JSON.stringify({ pagination: { count: 2, current: 1, total_pages: 1 }, results: changed });
    await runJob();
    const { results: disabled } = await (await startWorker(store).list("enabled=false")).json<{ results: unknown[] }>();
    expect(disabled).toMatchObject([{ slug: other?.slug }]);
  });
});
