import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { mark } from "../../tools/authentik/kinds.ts";
import { type Version, versions } from "../support/authentik/documents.ts";
import { runSetUp, startHook } from "../support/authentik/run-set-up.ts";
import { type Authentik, startAuthentik } from "../support/authentik/stub.ts";

const name = "authentik-sources-edge";
const secret = "a-secret-of-the-hook-0123456789abcdef";
const another = "00000000-0000-4000-8000-000000000001";
const permission = "authentik_sources_oauth.view_oauthsource";

let authentik: Authentik;
let hook: Awaited<ReturnType<typeof startHook>>;

beforeEach(async () => {
  hook = await startHook();
});

afterEach(async () => {
  await Promise.all([authentik.close(), hook.close()]);
  expect(authentik.violations).toEqual([]);
});

const withHook = (given?: string) => ({ hook: { address: hook.address, secret: given } });

/** What was made, without the keys that differ from one authentik to another. */
function made() {
  const { tables, permissions } = authentik.model;
  const named = new Map<unknown, string>();
  for (const [path, { rows }] of Object.entries(tables)) {
    for (const row of rows) named.set(row.pk, `${path} ${row.name ?? row.username ?? row.identifier ?? ""}`);
  }
  const readable = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(readable) : (named.get(value) ?? value);
  const rows = Object.entries(tables).map(([path, table]) => [
    path,
    table.rows.map((row) => Object.fromEntries(Object.entries(row).map(([field, value]) => [field, readable(value)]))),
  ]);
  const held = [...permissions].map(([role, names]) => [readable(role), [...names]]);
  return { ...Object.fromEntries(rows), permissions: held };
}

const only = <T>(rows: T[]): T => {
  const [row, ...others] = rows;
  if (row === undefined || others.length > 0) throw new Error(`there are ${rows.length} rows, not one`);
  return row;
};

describe.each(versions)("the set-up of authentik %s", (version: Version) => {
  beforeEach(async () => {
    authentik = await startAuthentik(version);
  });

  it("makes a user that may view OAuth sources and do nothing else, and tells its token", async () => {
    const { lines, told, error } = await runSetUp(authentik);
    expect(error).toBeUndefined();
    const { tables, permissions, keys } = authentik.model;
    const role = only(tables["/rbac/roles/"].rows);
    const user = only(tables["/core/users/"].rows);
    expect([...permissions]).toEqual([[role.pk, new Set([permission])]]);
    expect(only(tables["/core/groups/"].rows)).toMatchObject({
      name,
      roles: [role.pk],
      users: [user.pk],
      is_superuser: false,
    });
    expect(user).toMatchObject({ username: name, type: "service_account", is_active: true });
    expect(only(tables["/core/tokens/"].rows)).toMatchObject({ intent: "api", user: user.pk, expiring: false });
    expect(told).toEqual([{ name: "AUTHENTIK_TOKEN", value: keys.get(name), isNew: true }]);
    expect(lines.at(0)).toBe(`authentik ${version} at ${authentik.origin}`);
    expect(lines.at(-1)).toBe("the sync's token sees all OAuth sources: 3");
    expect(tables["/events/rules/"].rows).toEqual([]);
  });

  it("makes a hook that is called with the secret, and tries it", async () => {
    const { lines, error } = await runSetUp(authentik, withHook(secret));
    expect(error).toBeUndefined();
    expect(lines.at(-1)).toBe(`authentik's test notification was taken: ${hook.address.href} answered 202`);
    expect(hook.calls).toEqual([
      version === "2024.6.0"
        ? { authorization: undefined, body: { secret } }
        : { authorization: `Bearer ${secret}`, body: { body: "Test Notification" } },
    ]);
  });

  it("has events about OAuth sources, and those alone, sent once to the hook", async () => {
    await runSetUp(authentik, withHook(secret));
    const { tables } = authentik.model;
    const transport = only(tables["/events/transports/"].rows);
    expect(transport).toMatchObject({ mode: "webhook", send_once: true, webhook_url: hook.address.href });
    const policy = only(tables["/policies/event_matcher/"].rows);
    expect(policy).toMatchObject({ model: "authentik_sources_oauth.oauthsource" });
    const rule = only(tables["/events/rules/"].rows);
    const group = only(tables["/core/groups/"].rows);
    expect(group.users).toHaveLength(1);
    const groupField = version === "2024.6.0" ? "group" : "destination_group";
    expect(rule).toMatchObject({ transports: [transport.pk], severity: "notice", [groupField]: group.pk });
    expect(only(tables["/policies/bindings/"].rows)).toMatchObject({
      policy: policy.pk,
      target: rule.pk,
      enabled: true,
    });
  });

  it("makes nothing twice", async () => {
    await runSetUp(authentik, withHook(secret));
    const before = made();
    authentik.changes = [];
    const { told, error } = await runSetUp(authentik, withHook());
    expect(error).toBeUndefined();
    expect(made()).toEqual(before);
    expect(authentik.changes).toEqual([expect.stringMatching(/^POST \/events\/transports\/.*\/test\/$/)]);
    expect(told.map(({ isNew }) => isNew)).toEqual([false, false]);
  });

  it("adds a hook to what is there", async () => {
    await runSetUp(authentik);
    expect((await runSetUp(authentik, withHook(secret))).error).toBeUndefined();
    expect(hook.calls).toHaveLength(1);
    expect(only(authentik.model.tables["/core/tokens/"].rows)).toBeDefined();
  });

  it("takes all of it back, and nothing else", async () => {
    const { tables } = authentik.model;
    // Found by a search for the name as well, and before it; the stub has two to a page.
    const others = ["a", "b", "c"].map((letter, i) => ({
      pk: `00000000-0000-4000-8000-00000000000${i}`,
      name: `${name}-${letter}`,
    }));
    tables["/rbac/roles/"].rows.push(...others);
    await runSetUp(authentik, withHook(secret));
    await runSetUp(authentik, withHook(secret));
    expect(tables["/rbac/roles/"].rows).toHaveLength(4);
    const { lines, error } = await runSetUp(authentik, { remove: true });
    expect(error).toBeUndefined();
    expect(lines).toHaveLength(8);
    expect(lines.every((line) => line.startsWith("removed the "))).toBe(true);
    expect(Object.values(tables).flatMap(({ rows }) => rows)).toEqual(others);
    const again = await runSetUp(authentik, { remove: true });
    expect(again.error).toBeUndefined();
    expect(again.lines.every((line) => line.startsWith("there is no "))).toBe(true);
  });

  it("changes nothing in a dry run, and says what it would do", async () => {
    const first = await runSetUp(authentik, { ...withHook(secret), dryRun: true });
    expect(first).toMatchObject({ told: [], error: undefined });
    expect(first.lines.slice(1).every((line) => line.startsWith("would "))).toBe(true);
    expect(first.lines).toHaveLength(12);
    expect(authentik.changes).toEqual([]);
    await runSetUp(authentik, withHook(secret));
    authentik.changes = [];
    const [, ...second] = (await runSetUp(authentik, { ...withHook(secret), dryRun: true })).lines;
    expect(second.filter((line) => line.startsWith("would "))).toEqual([]);
    only(authentik.model.tables["/events/transports/"].rows).send_once = false;
    only(authentik.model.tables["/core/groups/"].rows).users = [];
    authentik.model.permissions.clear();
    const [, ...third] = (await runSetUp(authentik, { ...withHook(secret), dryRun: true })).lines;
    expect(third.filter((line) => line.startsWith("would "))).toEqual([
      `would give the role the permission ${permission}`,
      "would put the user into the group",
      `would change the notification transport ${name}: send_once`,
    ]);
    const removed = await runSetUp(authentik, { remove: true, dryRun: true });
    expect(removed.lines.every((line) => line.startsWith("would remove the "))).toBe(true);
    expect(authentik.changes).toEqual([]);
  });

  it("sets right what was changed since, and leaves what others have added", async () => {
    await runSetUp(authentik, withHook(secret));
    const before = made();
    const { tables, permissions } = authentik.model;
    permissions.clear();
    Object.assign(only(tables["/core/users/"].rows), { is_active: false, type: "internal" });
    Object.assign(only(tables["/core/groups/"].rows), { users: [], roles: [] });
    Object.assign(only(tables["/core/tokens/"].rows), { user: 1, expiring: true });
    Object.assign(only(tables["/propertymappings/notification/"].rows), {
      expression: `return {"Authorization": "Bearer ${secret}-of-old"}`,
    });
    Object.assign(only(tables["/events/transports/"].rows), {
      mode: "email",
      webhook_url: "https://elsewhere.example/hooks/authentik",
    });
    Object.assign(only(tables["/events/rules/"].rows), { transports: [] });
    Object.assign(only(tables["/policies/bindings/"].rows), { enabled: false });
    expect((await runSetUp(authentik, withHook(secret))).error).toBeUndefined();
    expect(made()).toMatchObject(before);

    only(tables["/events/rules/"].rows).transports = [another];
    Object.assign(only(tables["/core/groups/"].rows), { roles: [another], attributes: { ...mark, team: "edge" } });
    await runSetUp(authentik, withHook(secret));
    expect(only(tables["/events/rules/"].rows).transports).toEqual([
      another,
      only(tables["/events/transports/"].rows).pk,
    ]);
    expect(only(tables["/core/groups/"].rows)).toMatchObject({
      roles: [another, only(tables["/rbac/roles/"].rows).pk],
      attributes: { ...mark, team: "edge" },
    });
  });

  it.each([false, true])("knows what 0.2 made, which has no mark, and marks or removes it (%s)", async (remove) => {
    await runSetUp(authentik, withHook(secret));
    const { tables } = authentik.model;
    const marked = [only(tables["/core/users/"].rows), only(tables["/core/groups/"].rows)];
    for (const row of marked) row.attributes = {};
    const { error, lines } = await runSetUp(authentik, { ...withHook(secret), remove });
    expect(error).toBeUndefined();
    if (remove) return expect(Object.values(tables).flatMap(({ rows }) => rows)).toEqual([]);
    expect(lines.filter((line) => line.startsWith("changed "))).toEqual([
      `changed the group ${name}: attributes`,
      `changed the user ${name}: attributes`,
    ]);
    for (const row of marked) expect(row.attributes).toEqual(mark);
  });

  it.each(["refused", "lost"])("is finished by a second run, whichever change was %s", async (fate) => {
    await runSetUp(authentik, withHook(secret));
    const whole = made();
    const changes = authentik.changes.length;
    expect(changes).toBe(12);
    for (let number = 1; number <= changes; number++) {
      await authentik.close();
      authentik = await startAuthentik(version);
      const isThisOne = (asked: string) => !asked.startsWith("GET") && authentik.changes.length === number;
      if (fate === "lost") authentik.loses = isThisOne;
      else {
        authentik.intercept = (asked, response) => {
          if (isThisOne(asked)) response.writeHead(503, { "Content-Type": "text/html" }).end("<html>");
          return isThisOne(asked);
        };
      }
      const first = await runSetUp(authentik, withHook(secret));
      expect(first.error, `change ${number}`).toMatch(fate === "lost" ? /the connection failed/ : /answered with 503/);
      authentik.intercept = () => false;
      authentik.loses = () => false;
      const second = await runSetUp(authentik, withHook(secret));
      expect(second.error, `change ${number}`).toBeUndefined();
      expect(made(), `change ${number}`).toEqual(whole);
      expect([...first.told, ...second.told].map((each) => each.name)).toContain("AUTHENTIK_TOKEN");
      expect(authentik.violations).toEqual([]);
    }
  });

  it("is taken back whatever of it is there", async () => {
    for (let number = 1; number <= 12; number++) {
      authentik.changes = [];
      authentik.intercept = (asked, response) => {
        const isCut = !asked.startsWith("GET") && authentik.changes.length >= number;
        if (isCut) response.writeHead(503).end();
        return isCut;
      };
      await runSetUp(authentik, withHook(secret));
      authentik.intercept = () => false;
      expect((await runSetUp(authentik, { remove: true })).error).toBeUndefined();
      expect(Object.values(authentik.model.tables).flatMap(({ rows }) => rows)).toEqual([]);
      authentik.model.permissions.clear();
    }
  });

  it("tells a new secret of the hook as soon as authentik has it, and keeps it", async () => {
    hook.status = 403;
    const first = await runSetUp(authentik, withHook());
    const generated = first.told.find((each) => each.name === "SYNC_HOOK_SECRET");
    expect(generated).toEqual({ name: "SYNC_HOOK_SECRET", value: expect.stringMatching(/^[\w-]{43}$/), isNew: true });
    expect(first.error).toBeUndefined();
    expect(first.lines.at(-1)).toContain("was answered with 403, since the secret is new");
    hook.status = 202;
    hook.calls = [];
    const second = await runSetUp(authentik, withHook());
    expect(second.told.at(-1)).toEqual({ ...generated, isNew: false });
    expect(JSON.stringify(hook.calls)).toContain(generated?.value);
    await runSetUp(authentik, withHook(secret));
    expect(JSON.stringify(hook.calls.at(-1))).toContain(secret);
  });
});
