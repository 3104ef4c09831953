// Holds P1, P2, P3, P7 and P9: docs/promises.md.

import { describe, expect, it } from "vitest";
import { playHistoriesOver } from "../model/history.ts";
import type { Parts } from "../model/replica.ts";
import type { Event } from "../model/world.ts";
import { labStoreUrl } from "../support/lab-store.ts";

// The model puts its own into the places of both.
const { fetch } = globalThis;
const platformCaches = caches;
const pipelineUrl = new URL("v2/pipeline", labStoreUrl("model"));
let opened = 0;

const parts: Parts = {
  // Bodies are read by the runtime's own loop, where this takes its turn behind others; some are read one after another.
  async othersTurn() {
    for (let i = 0; i < 12; i++) await new Response("others").text();
  },
  async engine(text) {
    const response = await fetch(pipelineUrl, { method: "POST", body: text });
    return (await response.json<{ results: object[] }>()).results;
  },
  openCache(centre) {
    const cache = platformCaches.open(`${centre} ${++opened}`);
    return {
      async match(key) {
        const found = await (await cache).match(key);
        // Whole, since the runtime would fetch the body in parts, at times of its own.
        return found && new Response(await found.text(), found);
      },
      put: async (key, response) => (await cache).put(key, response),
      delete: async (key) => (await cache).delete(key),
    };
  },
};

async function play(histories: number, seed: number): Promise<Event[][]> {
  const all: Event[][] = [];
  const options = { seed, histories, commands: 8, onHistory: (events: Event[]) => all.push(events) };
  const { failure } = await playHistoriesOver(parts, options);
  expect(failure?.table, failure && `${failure.message}, with seed ${seed} and path ${failure.path}\n`).toBe(undefined);
  return all;
}

describe("the model, in the Workers runtime and over its Cache API", () => {
  it("finds none of fifty histories that breaks a promise", async () => {
    const histories = await play(50, 1);
    expect(histories).toHaveLength(50);
    // Hits of the platform's own cache are among them.
    expect(histories.flat().some(({ what }) => what.includes("hit; ttl=") && !what.includes("memory"))).toBe(true);
  });

  it("plays one history for one seed, to the event", async () => {
    const first = await play(3, 2);
    expect(first.flat().length).toBeGreaterThan(30);
    expect(await play(3, 2)).toEqual(first);
  });
});
