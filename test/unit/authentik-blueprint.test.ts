import { readFileSync } from "node:fs";
import { CORE_SCHEMA, defineScalarTag, defineSequenceTag, load, Schema } from "js-yaml";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { contractOf } from "../support/authentik/contract.ts";
import { runSetUp, startHook } from "../support/authentik/run-set-up.ts";
import { type Authentik, startAuthentik } from "../support/authentik/stub.ts";
import type { Row, Tables } from "../support/authentik/tables.ts";

const secret = "a-secret-of-the-hook-0123456789abcdef";

interface Entry {
  model: string;
  id?: string;
  identifiers: Record<string, unknown>;
  attrs: Record<string, unknown>;
}

/** Where the API has the models of the blueprint. */
const paths: Record<string, keyof Tables> = {
  "authentik_rbac.role": "/rbac/roles/",
  "authentik_core.user": "/core/users/",
  "authentik_core.group": "/core/groups/",
  "authentik_core.token": "/core/tokens/",
  "authentik_events.notificationwebhookmapping": "/propertymappings/notification/",
  "authentik_events.notificationtransport": "/events/transports/",
  "authentik_policies_event_matcher.eventmatcherpolicy": "/policies/event_matcher/",
  "authentik_events.notificationrule": "/events/rules/",
  "authentik_policies.policybinding": "/policies/bindings/",
};

let authentik: Authentik;
let hook: Awaited<ReturnType<typeof startHook>>;
let entries: Entry[];

const rowOf = (model: string): Row | undefined => authentik.model.tables[paths[model] ?? "/rbac/roles/"].rows[0];

/** Reads the blueprint as authentik would where everything has the keys that the tool's objects have. */
beforeEach(async () => {
  authentik = await startAuthentik("2026.8.3");
  hook = await startHook();
  await runSetUp(authentik, { hook: { address: hook.address, secret } });

  const text = readFileSync("docs/authentik-blueprint.yaml", "utf8");
  const environment: Record<string, string | undefined> = {
    SOURCES_EDGE_TOKEN: authentik.model.keys.get("authentik-sources-edge"),
    SOURCES_EDGE_HOOK: hook.address.href,
    SOURCES_EDGE_HOOK_SECRET: secret,
  };
  const ids = new Map([...text.matchAll(/^ {2}- model: (\S+)\n {4}id: (\S+)$/gm)].map(([, model, id]) => [id, model]));
  const isLoadOnly = { identify: () => false };
  const tags = [
    defineScalarTag("!KeyOf", { ...isLoadOnly, resolve: (id) => rowOf(ids.get(id) ?? "")?.pk }),
    defineScalarTag("!Env", { ...isLoadOnly, resolve: (name) => environment[name] }),
    defineSequenceTag("!Format", {
      ...isLoadOnly,
      create: (): unknown[] => [],
      addItem: (items, item) => void items.push(item),
      finalize: ([format, ...values]) =>
        values.reduce<string>((rest, value) => rest.replace("%s", String(value)), String(format)),
    }),
  ];
  entries = (load(text, { schema: new Schema([...CORE_SCHEMA.tags, ...tags]) }) as { entries: Entry[] }).entries;
});

afterEach(() => Promise.all([authentik.close(), hook.close()]));

describe("docs/authentik-blueprint.yaml", () => {
  it("has what the tool makes, and nothing else", () => {
    expect(entries.map(({ model }) => model).sort()).toEqual(Object.keys(paths).sort());
    for (const { model, identifiers, attrs } of entries) {
      const { permissions, key, ...fields } = attrs;
      expect(rowOf(model), model).toMatchObject({ ...identifiers, ...fields });
      if (permissions) expect(permissions).toEqual([...(authentik.model.permissions.get(rowOf(model)?.pk) ?? [])]);
      if (key) expect(key).toBe(authentik.model.keys.get(identifiers.identifier));
    }
  });

  it("has the fields of authentik's API", () => {
    const { describe: find, problemsOfRequest } = contractOf("2026.8.3");
    for (const { model, identifiers, attrs } of entries) {
      const { permissions: _, key: __, ...fields } = attrs;
      const found = find("POST", paths[model] ?? "");
      const checked = found && problemsOfRequest(found, new URLSearchParams(), { ...identifiers, ...fields });
      expect(checked, model).toEqual({ problems: [], unknown: [] });
    }
  });

  it("refers to what stands before it", () => {
    const text = readFileSync("docs/authentik-blueprint.yaml", "utf8");
    for (const [reference, id = ""] of text.matchAll(/!KeyOf (\w+)/g)) {
      expect(text.slice(0, text.indexOf(reference)), reference).toContain(`id: ${id}\n`);
    }
  });
});
