import { describe, expect, it } from "vitest";
import { isPublicHost } from "../../src/base/public-host.ts";

const hostOf = (host: string) => URL.parse(`https://${host}/`)?.hostname ?? "";

describe("isPublicHost", () => {
  it.each([
    ...[
      "cdn.example",
      "CDN.Example.",
      "8.8.8.8",
      "172.15.0.1",
      "172.32.0.1",
      "100.128.0.1",
      "192.0.1.1",
      "223.255.255.255",
    ],
    ...["[2606:4700::1111]", "[3fff::1]", "[2001:4860:4860::8888]", "localhost.example", "internal.example"],
  ])("takes %s for public", (host) => {
    expect(isPublicHost(hostOf(host))).toBe(true);
  });

  it.each([
    ...["localhost", "LOCALHOST.", "a.localhost", "printer.local", "x.internal", "x.home.arpa", "intranet", "metadata"],
    ...["127.0.0.1", "127.1", "2130706433", "0x7f.1", "017700000001", "0.0.0.0", "10.0.0.1", "10.255.255.255"],
    ...["100.64.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.168.0.1", "198.19.0.1"],
    ...["224.0.0.1", "255.255.255.255", "[::]", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:8.8.8.8]", "[64:ff9b::a00:1]"],
    ...["[fc00::1]", "[fd12::1]", "[fe80::1]", "[ff02::1]", "[2002:7f00:1::]", "[2001::1]", "[2001:0:1::]"],
  ])("takes %s for private", (host) => {
    expect(isPublicHost(hostOf(host))).toBe(false);
  });

  it("takes IPv6 as a resolver gives it", () => {
    expect(["::1", "fe80::1", "2606:4700::1111"].map(isPublicHost)).toEqual([false, false, true]);
  });
});
