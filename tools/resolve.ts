import { lookup } from "node:dns/promises";

/** The IP addresses of a host, so that no icon is asked for in the private network of this machine. */
export const addressesOf = async (host: string): Promise<string[]> =>
  (await lookup(host, { all: true })).map(({ address }) => address);
