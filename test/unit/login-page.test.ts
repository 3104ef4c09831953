import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readFixture } from "../support/run.ts";

// By a path that the compiler does not follow: the example imports the package's types, which are there after a build.
const { loginPage } = await import(join(process.cwd(), "examples/login-page/src/login-page.ts"));

const [source] = readFixture("company").results;

/** What the page of one source has as its link and its icon. */
async function render(fields: object, authentikUrl = "https://authentik.example") {
  const page = String(await loginPage([{ ...source, slug: "github", ...fields }], authentikUrl));
  const [, link] = /class="source" href="([^"]*)"/.exec(page) ?? [];
  const [, icon] = /<img src="([^"]*)"/.exec(page) ?? [];
  return { page, link, icon };
}

describe("the login page of the example", () => {
  it.each([
    ["/static/github.svg", "https://authentik.example/static/github.svg"],
    ["https://cdn.example/a.png?x=1&y=2", "https://cdn.example/a.png?x=1&amp;y=2"],
    ['https://cdn.example/"onerror=alert(1)', "https://cdn.example/%22onerror=alert(1)"],
    ["javascript:alert(1)", undefined],
    ["data:text/html,<script>alert(1)</script>", undefined],
    ["fa:fa-github", undefined],
    ["http://[", undefined],
    ["", undefined],
  ])("shows the icon %j as %j", async (icon, shown) => {
    expect((await render({ icon })).icon).toBe(shown);
  });

  it("takes icon_url where authentik sends it, and the name's first letter where that is null", async () => {
    expect((await render({ icon: "", icon_url: "/new.svg" })).icon).toBe("https://authentik.example/new.svg");
    const without = await render({ icon: "/old.svg", icon_url: null, name: "<Ö" });
    expect(without.icon).toBeUndefined();
    expect(without.page).toContain('<span aria-hidden="true">&lt;</span>');
  });

  it.each([
    ["https://authentik.example", "github", "https://authentik.example/source/oauth/login/github/"],
    ["https://example.com/auth/", "github", "https://example.com/auth/source/oauth/login/github/"],
    ["https://authentik.example", '../"x', "https://authentik.example/source/oauth/login/..%2F%22x/"],
  ])("links from %s for the slug %j to %s", async (authentikUrl, slug, link) => {
    expect((await render({ slug }, authentikUrl)).link).toBe(link);
  });
});
