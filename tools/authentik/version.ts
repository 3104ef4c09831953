import * as z from "zod/mini";
import { type Connection, call } from "./connection.ts";
import { read } from "./objects.ts";
import { Refusal, shown } from "./refusal.ts";

/** How authentik's versions differ in what a webhook takes. */
export interface Dialect {
  /** Whether a webhook can have headers; before, only its body can be set. */
  hasHeaders: boolean;
  /** A notification rule's field for the group that it is sent to. */
  groupField: "group" | "destination_group";
}

const headersSince = [2025, 2] as const;
const destinationGroupSince = [2025, 6] as const;

const versionSchema = z.object({ version_current: z.string() });

/**
 * Asks for the version. To try fields out would say nothing: authentik drops those that it does not know.
 * @throws Refusal
 */
export async function readVersion(connection: Connection): Promise<{ version: string; dialect: Dialect }> {
  const json = await call(connection, "GET", "admin/version/");
  const { version_current: version } = read(versionSchema, json, "version");
  return { version: shown(version), dialect: dialectOf(version) };
}

/** @throws Refusal */
export function dialectOf(version: string): Dialect {
  const [, year, month] = /^(\d{4})\.(\d{1,2})\b/.exec(version) ?? [];
  if (!year || !month) throw new Refusal(`authentik's version is "${shown(version)}", which is no year and month`);
  const isSince = ([firstYear, firstMonth]: readonly [number, number]) =>
    Number(year) > firstYear || (Number(year) === firstYear && Number(month) >= firstMonth);
  return {
    hasHeaders: isSince(headersSince),
    groupField: isSince(destinationGroupSince) ? "destination_group" : "group",
  };
}
