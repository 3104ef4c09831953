import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readFixture } from "../support/run.ts";

// By paths that the compiler does not follow: the example imports the package's types, which are there after a build.
const { loginPage } = await import(join(process.cwd(), "examples/login-page/src/login-page.ts"));
const { disc } = await import(join(process.cwd(), "examples/login-page/src/disc.ts"));

const [source] = readFixture("company").results;

/** What the page of one source has as its link and its icon. */
async function render(fields: object, authentikUrl = "https://authentik.example") {
  const page = String(await loginPage([{ ...source, slug: "github", ...fields }], authentikUrl));
  const [, link] = /class="source" href="([^"]*)"/.exec(page) ?? [];
  const [, icon] = /<img src="([^"]*)"/.exec(page) ?? [];
  const [, letter] = /<text[^>]*>([^<]*)<\/text>/.exec(page) ?? [];
  return { page, link, icon, letter };
}

describe("the login page of the example", () => {
  it.each([
    { icon: "/static/github.svg" },
    { icon: "https://cdn.example/a.png?x=1&y=2" },
    { icon: "", icon_url: "/new.svg" },
    { icon: "github.png", icon_url: "data:image/png;base64,x" },
    { icon: "", icon_url: null, icon_themed_urls: { light: "/light.svg", dark: "/dark.svg" } },
  ])("has the copy of an icon, light and dark: %j", async (fields) => {
    const { page, icon, letter } = await render(fields);
    expect([icon, letter]).toEqual(["/icons/github?theme=light", undefined]);
    expect(page).toContain('<source srcset="/icons/github?theme=dark" media="(prefers-color-scheme: dark)">');
  });

  it.each([
    { icon: "fa://fa-github" },
    { icon: "fa:fa-github" },
    { icon: "fa://fa-github", icon_url: "fa://fa-github" },
    { icon: "github.png", icon_url: null },
    { icon: "" },
    { icon: "javascript:alert(1)" },
  ])("has a letter in a disc where a source names no icon: %j", async (fields) => {
    expect(await render({ ...fields, name: "öffice" })).toMatchObject({ icon: undefined, letter: "Ö" });
  });

  it("trusts neither names nor slugs", async () => {
    const { page } = await render({ icon: "/a.svg", slug: '"><script>', name: "</a><script>" });
    expect(page).not.toContain("<script");
    expect(String(disc("<b>"))).toContain(">&lt;</text>");
    expect(String(disc("🔑x"))).toContain(">🔑</text>");
    expect(String(disc(""))).toContain(">?</text>");
  });

  it.each([
    ["https://authentik.example", "github", "https://authentik.example/source/oauth/login/github/"],
    ["https://example.com/auth/", "github", "https://example.com/auth/source/oauth/login/github/"],
    ["https://authentik.example", '../"x', "https://authentik.example/source/oauth/login/..%2F%22x/"],
  ])("links from %s for the slug %j to %s", async (authentikUrl, slug, link) => {
    expect((await render({ slug }, authentikUrl)).link).toBe(link);
  });
});
