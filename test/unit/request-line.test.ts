import { describe, expect, it } from "vitest";
import { requestLine } from "../../tools/dev/request-line.ts";

const logged = (fields: object) =>
  JSON.stringify({ method: "GET", path: "/api/v3/sources/oauth/", status: 200, store: 0, ms: 0, ...fields });

describe("a request in the terminal of npm run dev", () => {
  it.each<[string, object, string]>([
    [
      "a hit",
      { cache: "authentik-sources-edge; hit; ttl=2", token: "1" },
      "200  hit       0 ms  token 1   GET /api/v3/sources/oauth/",
    ],
    [
      "a miss",
      { cache: "authentik-sources-edge; fwd=uri-miss; stored", token: "12", ms: 1_234 },
      "200  miss   1234 ms  token 12  GET /api/v3/sources/oauth/",
    ],
    ["a stranger's", { status: 403 }, "403            0 ms            GET /api/v3/sources/oauth/"],
    [
      "what is authentik's alone",
      { status: 404, path: "/nowhere", detail: "not replicated" },
      "404            0 ms            GET /nowhere  (not replicated)",
    ],
  ])("has columns: %s", (_, fields, line) => {
    expect(requestLine(logged(fields), false)).toBe(line);
  });

  it.each([
    [200, "\u001b[32m200\u001b[39m"],
    [304, "\u001b[32m304\u001b[39m"],
    [403, "\u001b[33m403\u001b[39m"],
    [503, "\u001b[31m503\u001b[39m"],
  ])("has a colour for its status: %i", (status, shown) => {
    expect(requestLine(logged({ status }), true).startsWith(`${shown}  `)).toBe(true);
  });

  it.each(["plain text", '{"job":"sync","outcome":"changed"}', '{"method":"GET"', "{}"])(
    "is told from %j, which stays as it is",
    (line) => {
      expect(requestLine(line, true)).toBe(line);
    },
  );
});
