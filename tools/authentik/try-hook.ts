import * as z from "zod/mini";
import { type Connection, send } from "./connection.ts";
import { kinds } from "./kinds.ts";
import { type AuthentikObject, pathOf, read } from "./objects.ts";
import { type Answer, Refusal, refusalOf, shown } from "./refusal.ts";

/** What came of authentik's test notification; the status is undefined where the hook gave none. */
export interface Tried {
  status: number | undefined;
  text: string;
}

const messagesSchema = z.object({ messages: z.array(z.string()) });

/**
 * Has authentik send a test notification, and waits for what came of it: authentik answers 200 with the hook's status and
 * body, or 500 with the words of its own client, such as "403 Client Error: Forbidden for url: …".
 * @throws Refusal
 */
export async function tryHook(connection: Connection, transport: AuthentikObject): Promise<Tried> {
  const answer = await send(connection, "POST", `${pathOf(kinds.transport, transport)}test/`);
  const text = textOf(answer);
  if (text === undefined) throw refusalOf(answer, connection.remedy);
  const [, status] = /^(\d{3})(?: |$)/.exec(text) ?? [];
  return { status: status === undefined ? undefined : Number(status), text: shown(text) };
}

function textOf({ status, json }: Answer): string | undefined {
  if (status === 200 && json !== undefined) return read(messagesSchema, json, "test notification").messages[0] ?? "";
  return status === 500 && typeof json === "string" ? json : undefined;
}

/** The status of a hook that has taken the call. */
const taken = 202;

const put = "`npx wrangler secret put SYNC_HOOK_SECRET` gives it to the Worker";

const remedies: Record<number, string> = {
  403: `the Worker has another SYNC_HOOK_SECRET than authentik, whose is printed with --show-secrets: ${put}`,
  404: `the Worker has no SYNC_HOOK_SECRET, or is older than the hook: ${put}, and deploy it`,
};

/**
 * What that means, in a sentence.
 * @param isNewSecret whether the Worker cannot know the secret yet
 * @throws Refusal where the hook does not work, and should
 */
export function judgeHook({ status, text }: Tried, address: URL, isNewSecret: boolean): string {
  if (status === taken) return `authentik's test notification was taken: ${address.href} answered ${taken}`;
  const outcome = `authentik's test notification ${status === undefined ? "got no answer" : `was answered with ${status}`}`;
  const remedy = remedies[status ?? 0];
  if (remedy && isNewSecret) return `${outcome}, since the secret is new: ${remedy}; then run this again`;
  const isElsewhere = status !== undefined && status < 300;
  const reason = isElsewhere ? `the hook would say ${taken}: is ${address.href} its address?` : text;
  throw new Refusal(`all is made, but ${outcome}: ${remedy ?? reason}`);
}
