import { describe, expect, it } from "vitest";
import { fetchIcon, type IconOptions } from "../../src/sync/icons/fetch.ts";
import { defaultLimits } from "../../src/sync/upstream/limits.ts";

const origin = "http://10.0.0.9:9000";
const svg = () => new Response("<svg/>", { headers: { "Content-Type": "image/svg+xml", ETag: 'W/"1"' } });
const redirect = (Location: string) => new Response(null, { status: 301, headers: { Location } });

/** Asks for an icon of a network that answers each address as it is told; gives what came of it, and what was asked. */
async function ask(start: string, answers: Record<string, () => Response>, options: Partial<IconOptions> = {}) {
  const asked: string[] = [];
  let requests = 20;
  const result = await fetchIcon(new URL(start), null, {
    limits: { ...defaultLimits, iconMs: 1_000 },
    now: () => 0,
    origin,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      expect(init?.redirect).toBe("manual");
      asked.push(request.url);
      return answers[request.url]?.() ?? svg();
    },
    takeRequest: () => requests-- > 0,
    ...options,
  }).catch((error: Error) => error.message);
  return { result: typeof result === "object" ? result.type : result, asked };
}

describe("fetchIcon", () => {
  it.each(["https://cdn.example/a.svg", `${origin}/static/a.svg`, "https://203.0.113.1/a.svg"])(
    "asks at %s",
    async (url) => {
      expect(await ask(url, {})).toEqual({ result: "image/svg+xml", asked: [url] });
    },
  );

  it.each([
    [
      "http://cdn.example/a.svg?token=1",
      "http://cdn.example/a.svg is neither https:// of the public network nor of authentik's own origin",
    ],
    [
      "http://10.0.0.9/a.svg",
      "http://10.0.0.9/a.svg is neither https:// of the public network nor of authentik's own origin",
    ],
    [
      "https://10.0.0.9:9000/a.svg",
      "https://10.0.0.9:9000/a.svg is neither https:// of the public network nor of authentik's own origin",
    ],
    [
      "https://localhost/a.svg",
      "https://localhost/a.svg is neither https:// of the public network nor of authentik's own origin",
    ],
    [
      "https://[::ffff:169.254.169.254]/a",
      "https://[::ffff:a9fe:a9fe]/a is neither https:// of the public network nor of authentik's own origin",
    ],
    [
      "ftp://cdn.example/a.svg",
      "ftp://cdn.example/a.svg is neither https:// of the public network nor of authentik's own origin",
    ],
    [
      "https://user:pw@cdn.example/a.svg",
      "https://cdn.example/a.svg is neither https:// of the public network nor of authentik's own origin",
    ],
    [
      "http://user@10.0.0.9:9000/a.svg",
      "http://10.0.0.9:9000/a.svg is neither https:// of the public network nor of authentik's own origin",
    ],
  ])("does not ask at %s, nor where that is redirected to", async (url, message) => {
    expect(await ask(url, {})).toEqual({ result: message, asked: [] });
    const start = "https://cdn.example/start";
    expect(await ask(start, { [start]: () => redirect(url) })).toEqual({ result: message, asked: [start] });
  });

  it("follows three redirects, each counted, and no more", async () => {
    const chain = (length: number) =>
      Object.fromEntries(
        Array.from({ length }, (_, i) => [`https://cdn.example/${i}`, () => redirect(`./${i + 1}`)] as const),
      );
    expect(await ask("https://cdn.example/0", chain(3))).toMatchObject({
      result: "image/svg+xml",
      asked: { length: 4 },
    });
    expect(await ask("https://cdn.example/0", chain(4))).toMatchObject({
      result: "https://cdn.example/3 redirects for more than 3 times",
      asked: { length: 4 },
    });
    let left = 2;
    expect(await ask("https://cdn.example/0", chain(3), { takeRequest: () => left-- > 0 })).toMatchObject({
      result: "later",
      asked: { length: 2 },
    });
  });

  it.each<[string, () => Response, string]>([
    ["a 404", () => new Response(null, { status: 404 }), "https://cdn.example/a answered 404"],
    ["a 304 that nobody asked for", () => new Response(null, { status: 304 }), "https://cdn.example/a answered 304"],
    ["a redirect to nowhere", () => redirect("http://["), "https://cdn.example/a redirects to nowhere"],
    ["a redirect without an address", () => new Response(null, { status: 302 }), "https://cdn.example/a answered 302"],
    [
      "HTML",
      () => new Response("x", { headers: { "Content-Type": "text/html" } }),
      "is text/html, and no image of a kind that is taken",
    ],
    [
      "a lost connection",
      () => {
        throw Object.assign(new TypeError("fetch failed"), {
          cause: Object.assign(new Error(), { code: "ECONNREFUSED" }),
        });
      },
      "the connection to https://cdn.example/a failed (ECONNREFUSED)",
    ],
    [
      "a body without an end",
      () =>
        new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(100_000)) }), {
          headers: { "Content-Type": "image/png" },
        }),
      "https://cdn.example/a has more than 256 KiB",
    ],
  ])("gives %s up", async (_, answer, message) => {
    expect(
      await ask("https://cdn.example/a?X-Amz-Signature=secret", {
        "https://cdn.example/a?X-Amz-Signature=secret": answer,
      }),
    ).toMatchObject({ result: message });
  });

  it("waits no longer than it may", async () => {
    const hang: typeof fetch = (_, init) =>
      new Promise((_, reject) => {
        // Keeps the process alive, as a connection would.
        const alive = setInterval(() => {}, 1_000);
        init?.signal?.addEventListener("abort", () => {
          clearInterval(alive);
          reject(init.signal?.reason);
        });
      });
    const limits = { ...defaultLimits, iconMs: 10 };
    expect(await ask("https://cdn.example/a", {}, { fetch: hang, limits })).toMatchObject({
      result: "https://cdn.example/a did not answer in full within 0.01 s",
    });
  });

  it("ends in time, redirects included", async () => {
    let time = 0;
    const slow = () => {
      time += 600;
      return redirect("https://cdn.example/a");
    };
    expect(await ask("https://cdn.example/a", { "https://cdn.example/a": slow }, { now: () => time })).toEqual({
      result: "reading from https://cdn.example/a took more than 1 s in all",
      asked: ["https://cdn.example/a", "https://cdn.example/a"],
    });
  });
});
