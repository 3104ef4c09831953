import * as z from "zod/mini";
import { type Connection, call } from "./connection.ts";
import { read } from "./objects.ts";
import { Refusal, shown } from "./refusal.ts";

const meSchema = z.object({ user: z.looseObject({ username: z.string(), is_superuser: z.boolean() }) });

/**
 * Others may be shown a part of what is there; and a token that they make is theirs, whatever user it was asked for.
 * @throws Refusal
 */
export async function requireSuperuser(connection: Connection): Promise<void> {
  const { user } = read(meSchema, await call(connection, "GET", "core/users/me/"), "user of the token");
  if (user.is_superuser) return;
  throw new Refusal(`AUTHENTIK_ADMIN_TOKEN is ${shown(user.username)}'s, who is no superuser: ${connection.remedy}`);
}
