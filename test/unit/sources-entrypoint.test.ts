import { describe, expect, it } from "vitest";
import { readThroughPlatform } from "../../src/sources-entrypoint.ts";
import { Unavailable } from "../../src/unavailable.ts";

const lookup = { kind: "source", slug: "github", publicUrl: "https://authentik.example" } as const;

describe("readThroughPlatform", () => {
  const read = (status: number) =>
    readThroughPlatform(
      async () => Response.json({ detail: "of the inside" }, { status, headers: { "Cache-Control": "max-age=30" } }),
      () => {},
    )(lookup);

  it.each([400, 401, 403, 405, 410, 429, 500, 204, 304])(
    "takes no %i for a source, which would be cached",
    async (status) => {
      const response = () =>
        status === 204 || status === 304 ? new Response(null, { status }) : Response.json({}, { status });
      const failing = readThroughPlatform(
        async () => response(),
        () => {},
      )(lookup);
      await expect(failing).rejects.toThrow(`Sources answered ${status}`);
      await expect(failing).rejects.not.toThrow(Unavailable);
    },
  );

  it("takes a 200 and a 404, and a 503 for a store that is down", async () => {
    for (const status of [200, 404]) expect((await read(status)).value).toMatchObject({ status });
    await expect(read(503)).rejects.toThrow(Unavailable);
  });
});
