import { describe, expect, it } from "vitest";
import { listAddress, shownAddress, typesAddress } from "../../src/sync/upstream/address.ts";

describe("listAddress", () => {
  it.each([
    ["https://authentik.example", "https://authentik.example/api/v3/sources/oauth/"],
    ["https://authentik.example/", "https://authentik.example/api/v3/sources/oauth/"],
    ["https://example.com/sso//?x=1#y", "https://example.com/sso/api/v3/sources/oauth/"],
    ["http://localhost:9000", "http://localhost:9000/api/v3/sources/oauth/"],
    ["http://auth.localhost", "http://auth.localhost/api/v3/sources/oauth/"],
    ["http://127.0.0.1", "http://127.0.0.1/api/v3/sources/oauth/"],
    ["http://127.1", "http://127.0.0.1/api/v3/sources/oauth/"],
    ["http://[::1]:9000", "http://[::1]:9000/api/v3/sources/oauth/"],
  ])("reads %s at %s", (upstream, address) => {
    expect(listAddress(upstream, false).href).toBe(address);
  });

  it.each([
    ...["authentik.example", "localhost.evil.example", "127.0.0.1.evil.example", "localhost.", "evil-localhost"],
    ...["[::2]", "10.127.0.0.1.example", "0x.127.0.0.1.example"],
  ])("sends no token over http:// to %s, which is another machine, unless that is allowed", (host) => {
    const upstream = `http://${host}`;
    expect(() => listAddress(upstream, false)).toThrow(
      `${upstream} is not https: the token would go over the network in the clear`,
    );
    expect(listAddress(upstream, true).origin).toBe(upstream);
  });

  it.each(["", "authentik", "ftp://authentik.example", "http://", "http://[::1].evil.example"])(
    "refuses %j, which is no http URL",
    (upstream) => {
      expect(() => listAddress(upstream, true)).toThrow(/\(AUTHENTIK_SYNC_URL, .*\) must be an https:\/\/ URL$/);
    },
  );

  it.each(["https://admin:hunter2@authentik.example", "https://hunter2@authentik.example"])(
    "refuses the credentials of %s without showing them",
    (upstream) => {
      expect(() => listAddress(upstream, true)).toThrow(/may hold no user name and no password: the token is all/);
      expect(() => listAddress(upstream, true)).not.toThrow("hunter2");
    },
  );
});

describe("typesAddress", () => {
  it("is below the list's address", () => {
    const list = listAddress("https://example.com/sso", false);
    expect(typesAddress(list).href).toBe("https://example.com/sso/api/v3/sources/oauth/source_types/");
  });
});

describe("shownAddress", () => {
  it.each([
    ["https://admin:hunter2@authentik.example/sso/?x=hunter2#hunter2", "https://authentik.example/sso/"],
    ["hunter2", "(no URL)"],
  ])("shows %s as %s", (upstream, shown) => {
    expect(shownAddress(upstream)).toBe(shown);
  });
});
