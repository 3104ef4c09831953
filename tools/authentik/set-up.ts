import type { Step } from "./ensure.ts";
import { refuseForeign } from "./foreign.ts";
import { ensureHook, type Hook } from "./hook.ts";
import { checkReader, ensureReader } from "./reader.ts";
import { requireSuperuser } from "./superuser.ts";
import { judgeHook, tryHook } from "./try-hook.ts";
import { readVersion } from "./version.ts";

/**
 * Makes in authentik what the sync needs, and with a hook what calls it. Can be repeated: what is there is found by its name.
 * @throws Refusal
 */
export async function setUp(step: Step, hook: Hook | undefined): Promise<void> {
  const { connection, report, dryRun } = step;
  await requireSuperuser(connection);
  await refuseForeign(connection);
  const { version, dialect } = await readVersion(connection);
  report(`authentik ${version} at ${connection.api.origin}`);

  const { key, group } = await ensureReader(step);
  if (key !== undefined) await checkReader(step, key);
  if (!hook) return;
  const { transport, isNewSecret } = await ensureHook(step, hook, dialect, group);
  if (dryRun || !transport) return;
  report(judgeHook(await tryHook(connection, transport), hook.address, isNewSecret));
}
