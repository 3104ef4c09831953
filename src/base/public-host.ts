/** Names that no public DNS has: RFC 6761, RFC 6762, RFC 8375, and `.internal`, which ICANN has reserved. */
const privateName = /(^|\.)(localhost|local|home\.arpa|internal)$/;

/**
 * Networks of IPv4 that are not the public one (IANA, IPv4 Special-Purpose Address Registry): 0/8, 10/8, 127/8, 100.64/10,
 * 169.254/16, 172.16/12, 192.0.0/24, 192.168/16, 198.18/15, and with multicast 224/3.
 */
const privateIpv4 =
  /^(0|10|127|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])|169\.254|172\.(1[6-9]|2\d|3[01])|192\.0\.0|192\.168|198\.1[89]|22[4-9]|2[3-5]\d)\./;

/** Global unicast, without what leads to addresses of IPv4: Teredo and 6to4 (IANA, IPv6 Special-Purpose Address Registry). */
const publicIpv6 = /^(?!2001:0?:|2002:)[23][0-9a-f]{3}:/;

/**
 * Whether a host may be one of the public network: an IP address that is, or a name that public DNS can have, which may
 * resolve to any address.
 * @param host as `URL.hostname` has it, in its normal form; an IPv6 address also without brackets
 */
export function isPublicHost(host: string): boolean {
  const name = host.replace(/\.$/, "");
  if (name.includes(":")) return publicIpv6.test(name.replace(/^\[/, ""));
  if (/^[0-9]+(\.[0-9]+){3}$/.test(name)) return !privateIpv4.test(name);
  return name.includes(".") && !privateName.test(name);
}
