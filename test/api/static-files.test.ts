import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { origin } from "../support/harness.ts";

describe("the static files", () => {
  it.each(["/", "/docs/", "/docs/home.js", "/docs/home.css", "/docs/page.js", "/docs/swagger-ui-bundle.js"])(
    "say at %s what a page may load",
    async (path) => {
      const { status, headers } = await fetch(origin + path);
      expect(status).toBe(200);
      const policy = headers.get("Content-Security-Policy");
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self';");
      expect(policy).not.toMatch(/unsafe|https?:|\*/);
      expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
      expect(headers.get("Referrer-Policy")).toBe("no-referrer");
    },
  );

  it("hold the document, which every page may read", async () => {
    const { status, headers } = await fetch(`${origin}/openapi.json`);
    expect(status).toBe(200);
    expect(headers.get("Content-Type")).toContain("application/json");
    expect(headers.get("Access-Control-Allow-Origin")).toBe("*");
  });

  it("give the page at / to GET and HEAD, whatever the query", async () => {
    const pages = [readFileSync("public/docs/home.html", "utf8"), ""];
    const given = ["GET", "HEAD"].map(async (method) => {
      const response = await fetch(`${origin}/?utm_source=x`, { method });
      expect([response.status, response.headers.get("Content-Type")]).toEqual([200, "text/html; charset=utf-8"]);
      return response.text();
    });
    expect(await Promise.all(given)).toEqual(pages);
    expect((await fetch(origin, { method: "POST" })).status).toBe(405);
  });

  it("link from / to the repository that package.json names, and tell nothing else of the deployment", async () => {
    const page = await (await fetch(origin)).text();
    const links = [...page.matchAll(/<a href="([^"]*)"/g)].map(([, link]) => link);
    expect(links).toEqual(["/docs/", manifest.repository.url.replace(/^git\+(.*)\.git$/, "$1")]);
    expect(links[1]).toMatch(/^https:\/\/github\.com\/[^/]+\/authentik-sources-edge$/);
    expect(page).not.toMatch(/\{\{|libsql|cloudflare|version|\d+\.\d+\.\d+/i);
  });

  it.each([
    ["GET", "/index.html", 404],
    ["GET", "/index", 404],
    ["GET", "/home", 404],
    ["GET", "/home.html", 404],
    ["GET", "//", 404],
    ["GET", "/nothing", 404],
    ["GET", "/favicon.ico", 404],
    ["GET", "/docs/nothing", 404],
    ["GET", "/_headers", 404],
    ["GET", "/_redirects", 404],
    ["GET", "/openapi.yaml", 404],
    ["POST", "/sources/oauth/", 405],
    ["HEAD", "/sources/oauth/", 403],
    ["OPTIONS", "/sources/oauth/", 204],
    ["GET", "/sources/oauth", 308],
  ])("leave %s %s to the Worker, which answers %i", async (method, path, status) => {
    const response = await fetch(origin + path, { method, redirect: "manual" });
    expect(response.status).toBe(status);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    if (status === 404) expect(await response.json()).toEqual({ detail: "Not found.", code: "not_found" });
  });
});
