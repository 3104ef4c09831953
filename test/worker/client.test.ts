import { describe, expect, it, vi } from "vitest";
import { createSourcesClient, createTrustedSourcesClient } from "../../src/client.ts";

const answer = () => vi.fn(async (_url: string | URL | Request, _init?: RequestInit) => Response.json({}));

describe("retrieve", () => {
  const wrong: unknown[] = [
    "../../core/users",
    "",
    ".",
    "..",
    "a/b",
    "a?b",
    "a#b",
    "a b",
    "%2e%2e",
    "a\\b",
    "é",
    "a\n",
  ];

  it.each([...wrong, "source_types", undefined, null, 1])("refuses %j before anything is sent", async (slug) => {
    const fetch = answer();
    for (const client of [
      createSourcesClient("https://sources.example/api/v3", { token: "secret", fetch }),
      createTrustedSourcesClient({ fetch }, { authentikUrl: "https://authentik.example" }),
    ]) {
      await expect(client.retrieve(slug as string)).rejects.toThrow(TypeError);
    }
    expect(fetch).not.toHaveBeenCalled();
  });

  it.each(["github", "A-b_9", "x".repeat(255), "-", "source_types-2"])("asks for %s at its one path", async (slug) => {
    const fetch = answer();
    await createSourcesClient("https://sources.example/api/v3", { token: "secret", fetch }).retrieve(slug);
    expect(String(fetch.mock.calls[0]?.[0])).toBe(`https://sources.example/api/v3/sources/oauth/${slug}/`);
  });
});

describe("createTrustedSourcesClient", () => {
  it("asks with the public URL in its normal form, for the source types too", async () => {
    const fetch = answer();
    const client = createTrustedSourcesClient({ fetch }, { authentikUrl: "https://BÜCHER.example:443/Auth//" });
    await client.list({ name: "a&public_url=b" });
    await client.retrieve("github");
    await client.sourceTypes();
    const asked = fetch.mock.calls.map(([url]) => new URL(String(url)).searchParams.getAll("public_url"));
    expect(asked).toEqual(Array(3).fill(["https://xn--bcher-kva.example/Auth"]));
  });
});
