import { send } from "./connection.ts";
import type { Step } from "./ensure.ts";
import { refuseForeign } from "./foreign.ts";
import { type Kind, kinds, objectName } from "./kinds.ts";
import { findNamed, pathOf } from "./objects.ts";
import { refusalOf } from "./refusal.ts";
import { requireSuperuser } from "./superuser.ts";

/** What refers to others goes before them. The binding goes with its rule: authentik sees to that. */
const order: Kind[] = [
  kinds.rule,
  kinds.policy,
  kinds.transport,
  kinds.mapping,
  kinds.token,
  kinds.user,
  kinds.group,
  kinds.role,
];

/**
 * Takes back all that the set-up makes, whatever of it is there.
 * @throws Refusal
 */
export async function removeAll({ connection, dryRun, report }: Step): Promise<void> {
  await requireSuperuser(connection);
  await refuseForeign(connection);
  for (const kind of order) {
    const name = `${kind.label} ${objectName}`;
    const found = await findNamed(connection, kind);
    if (found && !dryRun) {
      const answer = await send(connection, "DELETE", pathOf(kind, found));
      // 404: somebody else was faster.
      if (answer.status !== 204 && answer.status !== 404) throw refusalOf(answer, connection.remedy);
    }
    if (!found) report(`there is no ${name}`);
    else report(`${dryRun ? "would remove" : "removed"} the ${name}`);
  }
}
