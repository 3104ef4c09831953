import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { Base64 } from "../../src/base/base64.ts";
import { openLibsql } from "../../src/db/libsql.ts";

/** Asks a store that answers nothing, and gives what it was asked. */
async function requestTo(url: string, authToken?: string): Promise<Request[]> {
  const requests: Request[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    requests.push(new Request(input, init));
    return new Response(null, { status: 500 });
  };
  const db = openLibsql({ url, authToken, fetch });
  await expect(db.values(sql`select 1`)).rejects.toThrow();
  return requests;
}

describe("a libSQL store", () => {
  it.each([
    ["libsql://db.example", "https://db.example/v2/pipeline"],
    ["LIBSQL://db.example:8443/", "https://db.example:8443/v2/pipeline"],
    ["https://db.example", "https://db.example/v2/pipeline"],
    ["http://127.0.0.1:8080", "http://127.0.0.1:8080/v2/pipeline"],
    ["http://[::1]:8080", "http://[::1]:8080/v2/pipeline"],
  ])("at %s is asked at %s", async (url, asked) => {
    expect((await requestTo(url)).map((request) => request.url)).toEqual([asked]);
  });

  it("is sent its token, where it has one", async () => {
    const headerOf = async (authToken?: string) =>
      (await requestTo("https://db.example", authToken))[0]?.headers.get("Authorization");
    expect(await headerOf("secret")).toBe("Bearer secret");
    expect(await headerOf("")).toBeNull();
    expect(await headerOf()).toBeNull();
  });

  it("may hold blobs, which the client writes as base64", () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    expect(Base64.fromUint8Array(new TextEncoder().encode("any carnal pleas"))).toBe("YW55IGNhcm5hbCBwbGVhcw==");
    expect(Base64.toUint8Array(Base64.fromUint8Array(bytes))).toEqual(bytes);
  });
});
