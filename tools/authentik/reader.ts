import * as z from "zod/mini";
import { type Connection, call } from "./connection.ts";
import { ensure, type Step } from "./ensure.ts";
import { kinds, mark, objectName } from "./kinds.ts";
import { type AuthentikObject, pathOf, read } from "./objects.ts";
import { Refusal } from "./refusal.ts";
import { refuseSuperuser } from "./superuser.ts";

/** Of the user, for people. */
export const readerName = `${objectName}: reads the OAuth sources`;

const permission = { app_label: "authentik_sources_oauth", codename: "view_oauthsource" };

/** What the sync reads with, as far as it is there. */
export interface Reader {
  group: AuthentikObject["pk"] | undefined;
  /** The token; undefined in a dry run. */
  key: string | undefined;
}

/**
 * Sees to it that there is a role that may view OAuth sources and nothing else, a group with that role, a user in it, and
 * the user's API token. The role comes by a group, since roles of a user's own exist in newer versions only, and since a
 * notification rule needs a group.
 * @throws Refusal
 */
export async function ensureReader(step: Step): Promise<Reader> {
  const role = await ensure(step, kinds.role, { name: objectName });
  await ensurePermission(step, role.pk);
  const group = await ensure(step, kinds.group, { name: objectName, roles: [role.pk], attributes: mark });
  const user = await ensure(step, kinds.user, {
    username: objectName,
    name: readerName,
    type: "service_account",
    path: "goauthentik.io/service-accounts",
    is_active: true,
    attributes: mark,
  });
  await ensureMember(step, group.object, user.pk);
  const token = await ensure(step, kinds.token, {
    identifier: objectName,
    intent: "api",
    user: user.pk,
    expiring: false,
    description: "authentik-sources-edge: AUTHENTIK_TOKEN of the sync",
  });
  if (step.dryRun || !token.object) return { group: group.pk, key: undefined };
  const key = await readKey(step.connection, token.object);
  step.connection.secrets.add(key);
  step.tellSecret("AUTHENTIK_TOKEN", key, token.isNew);
  return { group: group.pk, key };
}

const permissionsSchema = z.object({
  results: z.array(z.looseObject({ app_label: z.string(), codename: z.string() })),
});

const nameOf = ({ app_label, codename }: typeof permission) => `${app_label}.${codename}`;

/** The permissions that a role has globally: the first hundred. */
async function permissionsOf(connection: Connection, role: AuthentikObject["pk"]): Promise<string[]> {
  const query = new URLSearchParams({ role: String(role), page_size: "100" });
  const json = await call(connection, "GET", `rbac/permissions/?${query}`);
  return read(permissionsSchema, json, "permissions").results.map(nameOf);
}

/** Whether a role may do nothing that the sync's need not. */
export const isNarrow = async (connection: Connection, role: AuthentikObject["pk"]): Promise<boolean> =>
  (await permissionsOf(connection, role)).every((name) => name === nameOf(permission));

/** Globally: a permission for single sources would make the list smaller, and nobody would be told. */
async function ensurePermission({ connection, dryRun, report }: Step, role: AuthentikObject["pk"] | undefined) {
  const name = nameOf(permission);
  if (role !== undefined) {
    const held = await permissionsOf(connection, role);
    if (held.includes(name)) return report(`the role has the permission ${name}`);
    if (!dryRun) {
      await call(connection, "POST", `rbac/permissions/assigned_by_roles/${encodeURIComponent(role)}/assign/`, {
        permissions: [name],
      });
    }
  }
  report(`${dryRun ? "would give" : "gave"} the role the permission ${name}`);
}

async function ensureMember(
  { connection, dryRun, report }: Step,
  group: AuthentikObject | undefined,
  user: AuthentikObject["pk"] | undefined,
) {
  if (Array.isArray(group?.users) && group.users.includes(user)) return report("the user is in the group");
  if (!dryRun && group) await call(connection, "POST", `${pathOf(kinds.group, group)}add_user/`, { pk: user });
  report(`${dryRun ? "would put" : "put"} the user into the group`);
}

async function readKey(connection: Connection, token: AuthentikObject): Promise<string> {
  const json = await call(connection, "GET", `${pathOf(kinds.token, token)}view_key/`);
  return read(z.object({ key: z.string().check(z.minLength(1)) }), json, "token's key").key;
}

const countSchema = z.object({ pagination: z.object({ count: z.int() }) });

async function countSources(connection: Connection): Promise<number> {
  const json = await call(connection, "GET", "sources/oauth/?page_size=1");
  return read(countSchema, json, "list of OAuth sources").pagination.count;
}

/** A source may come or go between the two counts: so they are taken again. */
const counts = 3;

/**
 * Sees that the token is no superuser's, reads the list as the sync will, and compares it with what the administrator sees. A
 * token that may view some sources gets a smaller list, and nothing says so.
 * @throws Refusal
 */
export async function checkReader({ connection, report }: Step, key: string): Promise<void> {
  const remedy = "the sync's token may not view OAuth sources: is its user active, and in a group with the role?";
  const reader = { ...connection, token: key, remedy };
  await refuseSuperuser(reader);
  for (let attempt = 1; ; attempt++) {
    const all = await countSources(connection);
    const seen = await countSources(reader);
    if (seen === all) return report(`the sync's token sees all OAuth sources: ${all}`);
    if (attempt === counts) throw new Refusal(`the sync's token sees ${seen} of ${all} OAuth sources`);
  }
}
