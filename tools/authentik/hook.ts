import type { Connection } from "./connection.ts";
import { ensure, type Step } from "./ensure.ts";
import { expressionOf, newSecret, secretIn } from "./hook-secret.ts";
import { kinds, objectName } from "./kinds.ts";
import { type AuthentikObject, findObject } from "./objects.ts";
import type { Dialect } from "./version.ts";

/** What authentik's events call an OAuth source. */
export const sourceModel = "authentik_sources_oauth.oauthsource";

export interface Hook {
  /** The Worker's /hooks/authentik. */
  address: URL;
  /** Undefined where authentik's own is to be kept, or a new one made. */
  secret: string | undefined;
}

/** What authentik calls the hook with, as far as it is there. */
export interface EnsuredHook {
  transport: AuthentikObject | undefined;
  /** Whether the secret was made here, so that nobody knows it yet. */
  isNewSecret: boolean;
}

/** The secret that authentik has; undefined where there is no hook yet. */
export async function readHookSecret(connection: Connection): Promise<string | undefined> {
  return secretIn((await findObject(connection, kinds.mapping, { name: objectName }))?.expression);
}

/**
 * Sees to it that authentik calls the hook after every event about an OAuth source. The rule comes last but for its binding,
 * and without a policy bound to it a rule matches nothing: what is half there does nothing.
 * @param group the key of the group of the sync's user: authentik sends to a group's users, and to a group without users it
 *   sends nothing
 * @throws Refusal
 */
export async function ensureHook(
  step: Step,
  hook: Hook,
  { hasHeaders, groupField }: Dialect,
  group: AuthentikObject["pk"] | undefined,
): Promise<EnsuredHook> {
  const known = hook.secret ?? (await readHookSecret(step.connection));
  const isNewSecret = known === undefined;
  const secret = known ?? newSecret();
  step.connection.secrets.add(secret);
  const mapping = await ensure(step, kinds.mapping, { name: objectName, expression: expressionOf(secret, hasHeaders) });
  if (!step.dryRun) step.tellSecret("SYNC_HOOK_SECRET", secret, isNewSecret);
  const mappings = hasHeaders
    ? { webhook_mapping_headers: mapping.pk, webhook_mapping_body: null }
    : { webhook_mapping: mapping.pk };
  const transport = await ensure(step, kinds.transport, {
    name: objectName,
    mode: "webhook",
    webhook_url: hook.address.href,
    ...mappings,
    send_once: true,
  });
  const policy = await ensure(step, kinds.policy, { name: objectName, model: sourceModel });
  const rule = await ensure(step, kinds.rule, {
    name: objectName,
    severity: "notice",
    transports: [transport.pk],
    [groupField]: group,
  });
  await ensure(step, kinds.binding, { policy: policy.pk, target: rule.pk, order: 0, enabled: true });
  return { transport: transport.object, isNewSecret };
}
