import * as z from "zod/mini";
import { type Connection, call } from "./connection.ts";
import { type Kind, objectName } from "./kinds.ts";
import { Refusal } from "./refusal.ts";

const objectSchema = z.looseObject({ pk: z.union([z.string(), z.int()]) });

/** An object of authentik, as its API gives it. */
export type AuthentikObject = z.infer<typeof objectSchema>;

/** A field is undefined where it refers to something that a dry run has not made. */
export type Fields = Record<string, unknown>;

const pageSchema = z.object({ pagination: z.object({ next: z.int() }), results: z.array(objectSchema) });

/** A filter that an authentik does not know is passed over, and the whole list comes: it is walked then. */
const longestList = 100;

/** The one object that has the values of these fields by which its kind is found. */
export async function findObject(
  connection: Connection,
  { path, foundBy, label }: Kind,
  fields: Fields,
): Promise<AuthentikObject | undefined> {
  const wanted = Object.entries(foundBy).map(([parameter, field]) => ({ parameter, field, value: fields[field] }));
  if (wanted.some(({ value }) => value === undefined)) return undefined;
  const query = new URLSearchParams({ page_size: "100" });
  for (const { parameter, value } of wanted) query.set(parameter, String(value));
  for (let page = 1; page <= longestList; page++) {
    query.set("page", String(page));
    const { results, pagination } = read(pageSchema, await call(connection, "GET", `${path}?${query}`), `${label}s`);
    const found = results.find((object) => wanted.every(({ field, value }) => object[field] === value));
    if (found || pagination.next === 0) return found;
  }
  throw new Refusal(`authentik has more than ${longestList} pages of ${label}s: is it authentik?`);
}

/** The one object of a kind that has the name of what is made. */
export function findNamed(connection: Connection, kind: Kind): Promise<AuthentikObject | undefined> {
  const fields = Object.fromEntries(Object.values(kind.foundBy).map((field) => [field, objectName]));
  return findObject(connection, kind, fields);
}

export const createObject = async (connection: Connection, kind: Kind, fields: Fields): Promise<AuthentikObject> =>
  read(objectSchema, await call(connection, "POST", kind.path, fields), kind.label);

/** With all fields, not only those that differ: authentik takes what a token or a transport lacks for its default. */
export const updateObject = async (
  connection: Connection,
  kind: Kind,
  object: AuthentikObject,
  fields: Fields,
): Promise<AuthentikObject> =>
  read(objectSchema, await call(connection, "PATCH", pathOf(kind, object), fields), kind.label);

/** Its own path, below the API's address. */
export const pathOf = ({ path, identifiedBy }: Kind, object: AuthentikObject): string =>
  `${path}${encodeURIComponent(String(object[identifiedBy]))}/`;

/** @throws Refusal where the JSON is not what authentik would send */
export function read<T>(schema: z.ZodMiniType<T>, json: unknown, what: string): T {
  const { success, data } = schema.safeParse(json);
  if (!success) throw new Refusal(`the answer for the ${what} is JSON, but not authentik's: is authentik there?`);
  return data;
}
