import type { Connection } from "./connection.ts";
import { type Kind, objectName } from "./kinds.ts";
import { type AuthentikObject, createObject, type Fields, findObject, updateObject } from "./objects.ts";
import { isObject, Refusal } from "./refusal.ts";

/** What every step of the set-up is given. */
export interface Step {
  connection: Connection;
  /** Makes nothing, and says what it would make. */
  dryRun: boolean;
  /** Told of every object, in one line. */
  report: (line: string) => void;
  /** Told of a secret for the person alone, as soon as it is in authentik; and whether it was made by this run. */
  tellSecret: (name: string, value: string, isNew: boolean) => void;
}

/** An object that is there now; neither it nor its key is where a dry run has found none. */
export interface Ensured {
  pk: AuthentikObject["pk"] | undefined;
  object: AuthentikObject | undefined;
  isNew: boolean;
}

/**
 * Sees to it that an object with these fields is there, whatever was there before: makes it, changes it, or leaves it.
 * A field that is a list or an object must hold these values, and may hold others.
 * @throws Refusal
 */
export async function ensure({ connection, dryRun, report }: Step, kind: Kind, fields: Fields): Promise<Ensured> {
  const name = `${kind.label} ${objectName}`;
  const found = await findObject(connection, kind, fields);
  if (!found) {
    const made = dryRun ? undefined : checked(await createObject(connection, kind, fields), kind, fields);
    report(`${dryRun ? "would make" : "made"} the ${name}`);
    return { pk: made?.pk, object: made, isNew: true };
  }
  const differing = differingFields(found, fields);
  if (differing.length === 0) {
    report(`the ${name} is there`);
    return { pk: found.pk, object: found, isNew: false };
  }
  if (!dryRun) checked(await updateObject(connection, kind, found, withOthers(found, fields)), kind, fields);
  report(`${dryRun ? "would change" : "changed"} the ${name}: ${differing.join(", ")}`);
  return { pk: found.pk, object: found, isNew: false };
}

/** authentik drops fields that it does not know, and says nothing: what it has taken is seen in its answer. */
function checked(object: AuthentikObject, kind: Kind, fields: Fields): AuthentikObject {
  const dropped = differingFields(object, fields);
  if (dropped.length === 0) return object;
  throw new Refusal(
    `authentik took the ${kind.label} without ${dropped.join(", ")}: its version is not one that this tool knows`,
  );
}

const differingFields = (object: AuthentikObject, fields: Fields): string[] =>
  Object.keys(fields).filter((name) => !holds(object[name], fields[name]));

function holds(value: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) return Array.isArray(value) && wanted.every((item) => value.includes(item));
  if (!isObject(wanted)) return value === wanted;
  return isObject(value) && Object.entries(wanted).every(([key, item]) => value[key] === item);
}

/** The fields with what others have added to them. */
const withOthers = (object: AuthentikObject, fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).map(([name, wanted]) => [name, union(object[name], wanted)]));

function union(value: unknown, wanted: unknown): unknown {
  if (Array.isArray(wanted)) return [...new Set([...(Array.isArray(value) ? value : []), ...wanted])];
  return isObject(wanted) && isObject(value) ? { ...value, ...wanted } : wanted;
}
