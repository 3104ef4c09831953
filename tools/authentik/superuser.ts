import * as z from "zod/mini";
import { type Connection, call } from "./connection.ts";
import { read } from "./objects.ts";
import { Refusal, shown } from "./refusal.ts";

const meSchema = z.object({ user: z.looseObject({ username: z.string(), is_superuser: z.boolean() }) });

async function readUser(connection: Connection) {
  return read(meSchema, await call(connection, "GET", "core/users/me/"), "user of the token").user;
}

/**
 * The sync's own token lies in a Worker: it must be able to read, and nothing else.
 * @throws Refusal
 */
export async function refuseSuperuser(connection: Connection): Promise<void> {
  const { username, is_superuser } = await readUser(connection);
  if (!is_superuser) return;
  throw new Refusal(`the sync's token is ${shown(username)}'s, who is a superuser: take the user out of such groups`);
}

/**
 * Others may be shown a part of what is there; and a token that they make is theirs, whatever user it was asked for.
 * @throws Refusal
 */
export async function requireSuperuser(connection: Connection): Promise<void> {
  const user = await readUser(connection);
  if (user.is_superuser) return;
  throw new Refusal(`AUTHENTIK_ADMIN_TOKEN is ${shown(user.username)}'s, who is no superuser: ${connection.remedy}`);
}
