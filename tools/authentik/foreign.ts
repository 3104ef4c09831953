import type { Connection } from "./connection.ts";
import { sourceModel } from "./hook.ts";
import { hookPath } from "./hook-address.ts";
import { secretIn } from "./hook-secret.ts";
import { type Kind, kinds, objectName } from "./kinds.ts";
import { type AuthentikObject, findNamed } from "./objects.ts";
import { isNarrow, readerName } from "./reader.ts";
import { isObject, Refusal } from "./refusal.ts";

/** What has the name of what is made, by its kind. */
type Found = Map<Kind, AuthentikObject>;

const isMarked = ({ attributes }: AuthentikObject): boolean =>
  isObject(attributes) && Object.hasOwn(attributes, objectName);

/** What 0.2 made has no attributes; nobody but the reader is in its group. */
const hasReaderAlone = ({ users, attributes }: AuthentikObject, found: Found): boolean =>
  Object.keys(Object(attributes)).length === 0 &&
  [users ?? []].flat().every((user) => user === found.get(kinds.user)?.pk);

interface Sign {
  kind: Kind;
  isOurs: (object: AuthentikObject, found: Found, connection: Connection) => boolean | Promise<boolean>;
  /** What an object of ours has. */
  sign: string;
}

/**
 * How what this tool has made is told from what somebody else made under its name: by a mark, or, where a kind has no room for
 * one, by what the tool alone puts there.
 */
const signs: Sign[] = [
  {
    kind: kinds.user,
    isOurs: (user) => isMarked(user) || (user.name === readerName && user.type === "service_account"),
    sign: `the attribute "${objectName}"`,
  },
  {
    kind: kinds.group,
    isOurs: (group, found) => group.is_superuser !== true && (isMarked(group) || hasReaderAlone(group, found)),
    sign: `the attribute "${objectName}" and makes nobody a superuser`,
  },
  {
    kind: kinds.role,
    isOurs: ({ pk }, _, connection) => isNarrow(connection, pk),
    sign: "no permission but to view OAuth sources",
  },
  {
    kind: kinds.token,
    isOurs: ({ description }) => String(description).startsWith(`${objectName}:`),
    sign: `a description that begins with "${objectName}:"`,
  },
  {
    kind: kinds.mapping,
    isOurs: ({ expression }) => secretIn(expression) !== undefined,
    sign: "an expression that gives the hook's secret and nothing else",
  },
  {
    kind: kinds.transport,
    isOurs: ({ webhook_url: url }) => String(url).endsWith(hookPath),
    sign: `an address that ends with ${hookPath}`,
  },
  { kind: kinds.policy, isOurs: ({ model }) => model === sourceModel, sign: `the model ${sourceModel}` },
  {
    kind: kinds.rule,
    isOurs: ({ group, destination_group, transports }, found) => {
      const referred = [group, destination_group, transports].flat();
      return [kinds.group, kinds.transport].some((kind) => found.has(kind) && referred.includes(found.get(kind)?.pk));
    },
    sign: `the group or the transport ${objectName}`,
  },
];

/**
 * Before anything is made, changed or removed: objects have names that anybody may have chosen.
 * @throws Refusal by the first object that somebody else made
 */
export async function refuseForeign(connection: Connection): Promise<void> {
  const found: Found = new Map();
  for (const { kind } of signs) {
    const object = await findNamed(connection, kind);
    if (object) found.set(kind, object);
  }
  for (const { kind, isOurs, sign } of signs) {
    const object = found.get(kind);
    if (!object || (await isOurs(object, found, connection))) continue;
    throw new Refusal(
      `the ${kind.label} ${objectName} is not this tool's, which has ${sign}: rename it in authentik, then run this again`,
    );
  }
}
