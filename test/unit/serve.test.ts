import { describe, expect, it } from "vitest";
import { Unavailable } from "../../src/base/unavailable.ts";
import { readServed } from "../../src/store/serve.ts";

describe("readServed", () => {
  it.each([400, 401, 403, 405, 410, 429, 500, 204, 304])(
    "takes no %i for a source, which would be cached",
    async (status) => {
      const hasBody = status !== 204 && status !== 304;
      const headers = { "Cache-Control": "max-age=30" };
      const failing = readServed(new Response(hasBody ? "{}" : null, { status, headers }));
      await expect(failing).rejects.toThrow(`Sources answered ${status}`);
      await expect(failing).rejects.not.toThrow(Unavailable);
    },
  );

  it("takes a 200 and a 404, and a 503 for a store that is down", async () => {
    for (const status of [200, 404]) {
      expect((await readServed(Response.json({}, { status }))).value).toMatchObject({ status });
    }
    await expect(readServed(Response.json({}, { status: 503 }))).rejects.toThrow(Unavailable);
  });
});
