import type { Connection } from "./connection.ts";
import { type Kind, kinds, objectName } from "./kinds.ts";
import { type AuthentikObject, findObject } from "./objects.ts";
import { Refusal } from "./refusal.ts";

const bearsOurName = (text: unknown): boolean => typeof text === "string" && text.startsWith(`${objectName}:`);

/** What this tool would never have made, though it has the name: a person, an administrators' group, another's token. */
const signs: { kind: Kind; isForeign: (object: AuthentikObject) => boolean; why: string }[] = [
  {
    kind: kinds.user,
    isForeign: ({ name }) => !bearsOurName(name),
    why: `its name does not begin with "${objectName}:"`,
  },
  { kind: kinds.group, isForeign: ({ is_superuser }) => is_superuser === true, why: "its members are superusers" },
  {
    kind: kinds.token,
    isForeign: ({ description }) => !bearsOurName(description),
    why: `its description does not begin with "${objectName}:"`,
  },
];

/**
 * Before anything is made, changed or removed: objects have names that anybody may have chosen.
 * @throws Refusal by the first object that somebody else made
 */
export async function refuseForeign(connection: Connection): Promise<void> {
  for (const { kind, isForeign, why } of signs) {
    const fields = Object.fromEntries(Object.values(kind.foundBy).map((field) => [field, objectName]));
    const found = await findObject(connection, kind, fields);
    if (!found || !isForeign(found)) continue;
    throw new Refusal(
      `the ${kind.label} ${objectName} is not this tool's, since ${why}: rename it in authentik, then run this again`,
    );
  }
}
