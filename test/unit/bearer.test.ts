import { Hono } from "hono";
import { describe, expect, it, vi } from "vitest";
import { bearerAuth } from "../../src/http/bearer.ts";
import { renderError } from "../../src/http/errors.ts";

describe("bearerAuth", () => {
  it("looks at tokens of 8 KiB, and refuses longer ones without a look", async () => {
    const verifyToken = vi.fn(async () => ({ id: "1", mayViewSources: true }));
    const app = new Hono().onError(renderError).get("/", bearerAuth(verifyToken), (c) => c.text("in"));
    const status = async (length: number) =>
      (await app.request("/", { headers: { Authorization: `Bearer ${"x".repeat(length)}` } })).status;
    expect(await status(8_192)).toBe(200);
    verifyToken.mockClear();
    expect(await status(8_193)).toBe(403);
    expect(verifyToken).not.toHaveBeenCalled();
  });
});
