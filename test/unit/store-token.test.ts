import { describe, expect, it } from "vitest";
import { openLibsql } from "../../src/db/libsql.ts";
import { Unavailable } from "../../src/unavailable.ts";
import { readStoreUrl } from "../../tools/store-url.ts";

const authToken = "hunter2";
const opened: [string, (url: string, authToken?: string) => unknown][] = [
  ["the Worker", (url, authToken) => openLibsql({ url, authToken })],
  ["the tools", (url, authToken = "") => readStoreUrl(url, authToken)],
];

describe.each(opened)("LIBSQL_AUTH_TOKEN of %s", (_, open) => {
  it.each([
    "http://db.example",
    "http://db.example:8080/sources",
    "HTTP://192.168.1.2:8080",
    "http://sqld:8080",
    "http://localhost.example",
    "http://[::2]:8080",
  ])("does not go to %s, and neither is shown", (url) => {
    expect(() => open(url, authToken)).toThrow(
      /^LIBSQL_AUTH_TOKEN would go over the network in the clear: LIBSQL_URL /,
    );
    expect(() => open(url, authToken)).not.toThrow(authToken);
    expect(() => open(url)).not.toThrow();
  });

  it.each([
    "https://db.example",
    "libsql://db.example",
    "http://localhost:8080",
    "http://db.localhost",
    "http://127.0.0.1:8080",
    "http://127.8.9.1",
    "http://[::1]:8080",
  ])("goes to %s", (url) => {
    expect(() => open(url, authToken)).not.toThrow();
  });
});

it("fails as a store that cannot be had, which takes nothing else down", () => {
  expect(() => openLibsql({ url: "http://db.example", authToken })).toThrow(Unavailable);
});
