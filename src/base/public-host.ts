/** Names that no public DNS has: RFC 6761, RFC 6762, RFC 8375, and `.internal`, which ICANN has reserved. */
const privateName = /(^|\.)(localhost|local|home\.arpa|internal)$/;

/** Networks of IPv4 that are not the public one (IANA, IPv4 Special-Purpose Address Registry), the last with multicast. */
const privateNetworks = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 3],
] as const;

const numberOf = (address: string) => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);

const isPublicIpv4 = (address: string) =>
  !privateNetworks.some(([network, bits]) => {
    const size = 2 ** (32 - bits);
    return Math.floor(numberOf(address) / size) === numberOf(network) / size;
  });

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
  if (/^[0-9]+(\.[0-9]+){3}$/.test(name)) return isPublicIpv4(name);
  return name.includes(".") && !privateName.test(name);
}
