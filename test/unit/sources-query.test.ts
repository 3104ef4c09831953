import { describe, expect, it } from "vitest";
import { canonicalQuery, filterNames, listQuerySchema } from "../../src/source/query.ts";

const canonical = (query: string) =>
  canonicalQuery(listQuerySchema.parse(Object.fromEntries(new URLSearchParams(query))));

describe("canonicalQuery", () => {
  it.each([
    ["", ""],
    ["page=1&page_size=100&ordering=name&search=", ""],
    ["colour=red&name=", ""],
    ["slug=b&name=a", "name=a&slug=b"],
    ["enabled=True", "enabled=true"],
    ["enabled=0", "enabled=false"],
    ["has_jwks=false", ""],
    ["page= 02 ", "page=2"],
    ["search=hub+git,hub", "search=GIT+HUB"],
    ["ordering=-slug,name,unknown", "ordering=-slug"],
    ["ordering=,unknown", ""],
    ["pbm_uuid={0B9A1AB34B6E4FD39F6C0A9D1A1B2C3D}", "pbm_uuid=0b9a1ab3-4b6e-4fd3-9f6c-0a9d1a1b2c3d"],
  ])("makes of %j %j, and of that the same", (query, expected) => {
    expect(canonical(query)).toBe(expected);
    expect(canonical(expected)).toBe(expected);
  });
});

describe("listQuerySchema", () => {
  it.each([
    ["page", "0"],
    ["page_size", "0"],
    ["page_size", "1001"],
  ])("refuses %s=%s", (name, value) => {
    expect(listQuerySchema.safeParse({ [name]: value }).success).toBe(false);
  });

  it("takes a page size from 1 to 1,000", () => {
    for (const size of [1, 1_000]) expect(listQuerySchema.parse({ page_size: String(size) }).page_size).toBe(size);
  });
});

describe("filterNames", () => {
  it("has the filters of docs/contract.md", () => {
    expect(filterNames.toSorted()).toEqual([
      ...[
        "access_token_url",
        "additional_scopes",
        "authentication_flow",
        "authorization_url",
        "consumer_key",
        "enabled",
      ],
      ...["enrollment_flow", "group_matching_mode", "name", "policy_engine_mode", "profile_url", "provider_type"],
      ...["request_token_url", "slug", "user_matching_mode"],
    ]);
  });
});
