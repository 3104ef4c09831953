import type { lookup } from "node:dns/promises";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../src/sync/upstream/fetch.ts";
import { publicFetch } from "../../tools/public-fetch.ts";
import { startUpstream } from "../support/upstream.ts";

describe("publicFetch", () => {
  it.each([[["192.168.0.1"]], [["203.0.113.1", "fd00::1"]], [["::1"]]])(
    "asks no host that resolves to %j",
    async (found) => {
      const resolve = async () => found.map((address) => ({ address, family: 4 }));
      const asked = publicFetch(["http://127.0.0.1:1"], resolve as unknown as typeof lookup)("https://cdn.example/a");
      const error = await asked.catch((error) => error);
      expect([error.message, codeOf(error)]).toEqual(["fetch failed", " (PRIVATE_NETWORK)"]);
    },
  );

  it("asks authentik wherever it is, and nothing else of its network", async () => {
    const upstream = await startUpstream();
    const fetch = publicFetch([undefined, `${upstream.origin}/auth/`]);
    expect((await fetch(`${upstream.origin}/static/a.svg`)).status).toBe(200);
    await expect(publicFetch(["https://authentik.example"])(`${upstream.origin}/static/a.svg`)).rejects.toThrow(
      "fetch failed",
    );
    expect(upstream.iconsSeen).toHaveLength(1);
    await upstream.close();
  });
});
