import { describe, expect, it } from "vitest";
import { unknownType } from "../../src/sources/source-type.ts";
import { documentOf } from "../../src/sync/document.ts";
import type { Row } from "../../src/sync/row.ts";
import { readFixture } from "../support/run.ts";

const [recorded] = readFixture("company").results;
const type = { ...unknownType, name: "github", verbose_name: "GitHub" };

/** What authentik gives at the least. */
const bare = {
  pk: "00000000-0000-4000-8000-000000000000",
  name: "GitHub",
  slug: "hub",
  enabled: true,
  provider_type: "github",
  consumer_key: "x",
};

const sourceOf = (row: Record<string, unknown>, types = new Map([["github", type]])) =>
  JSON.parse(documentOf(row as Row, types).document);

describe("documentOf", () => {
  it("keeps every key of a complete row as it was sent, in its order", () => {
    const row = { novel: 1, ...recorded } as Row;
    expect(documentOf(row, new Map()).document).toBe(
      JSON.stringify({ ...row, callback_url: `/source/oauth/callback/${row.slug}/` }),
    );
  });

  it("gives a row that lacks documented keys the contract's defaults, in the order of the wire", () => {
    const source = sourceOf({ ...bare, novel: 1 });
    expect(Object.keys(source)).toEqual([...Object.keys(recorded ?? {}), "novel"]);
    expect(source).toMatchObject({
      ...bare,
      policy_engine_mode: "any",
      user_matching_mode: "identifier",
      user_path_template: "goauthentik.io/sources/%(slug)s",
      additional_scopes: "",
      oidc_jwks: {},
      profile_url: null,
      managed: null,
    });
  });

  it("adds no key of a later version", () => {
    expect(sourceOf(bare)).not.toHaveProperty("pkce");
    expect(sourceOf({ ...bare, pkce: "S256" })).toMatchObject({ pkce: "S256" });
  });

  it("gives a row without a type the known one of its provider, or else the default type", () => {
    expect(sourceOf(bare).type).toEqual(type);
    expect(sourceOf({ ...bare, provider_type: "unheard-of" }).type).toEqual(unknownType);
  });

  it("keeps the type that a row brings, with keys that are not known here", () => {
    const own = { ...type, name: "keycloak", novel: 1 };
    expect(sourceOf({ ...bare, type: own }).type).toEqual(own);
  });

  it.each([
    [null, "github", "/static/authentik/sources/github.svg"],
    ["", "github", "/static/authentik/sources/github.svg"],
    [undefined, "../../x?", "/static/authentik/sources/default.svg"],
    ["https://cdn.example/a.png", "github", "https://cdn.example/a.png"],
  ])("serves for the icon %j of the type %j %s", (icon, name, shown) => {
    expect(sourceOf({ ...bare, icon, type: { ...type, name } }).icon).toBe(shown);
  });

  it("leaves the icon empty where icon_url is the one to show", () => {
    expect(sourceOf({ ...bare, icon: "", icon_url: "/a.svg" })).toMatchObject({ icon: "", icon_url: "/a.svg" });
  });

  it("stores no host of the callback URL", () => {
    const row = { ...bare, callback_url: "https://authentik.example/source/oauth/callback/hub/" };
    expect(sourceOf(row).callback_url).toBe("/source/oauth/callback/hub/");
  });

  it.each([null, "github", 7, []])("gives the known type of its provider where the type is %j", (sent) => {
    expect(sourceOf({ ...bare, type: sent }).type).toEqual(type);
  });

  it("folds name and slug for the search", () => {
    expect(documentOf({ ...bare, name: "Straße é" }, new Map()).searchText).toBe("STRAßE É\nHUB");
  });
});
