import { randomUUID } from "node:crypto";
import { callHook } from "./call-hook.ts";
import { type Described, resolveSchema, successOf } from "./contract.ts";
import type { Document, Schema } from "./documents.ts";
import { sampleOf } from "./sample.ts";
import { createTables, type Row, removeRow, type Table, type Tables } from "./tables.ts";

export interface Asked extends Described {
  method: string;
  path: string;
  query: URLSearchParams;
  body: Record<string, unknown> | undefined;
  user: Row;
}

/** Without a status, that of the document. */
export interface Reply {
  status?: number;
  json?: unknown;
}

export const refuse = (status: number, detail: string): Reply => ({ status, json: { detail } });

/** What authentik keeps, and how it answers, as far as a set-up asks it; its rules for who may do what are authentik's own. */
export function createModel(document: Document, version: string) {
  const tables = createTables();
  const model = {
    version,
    tables,
    /** Names of global permissions, by the key of their role. */
    permissions: new Map<unknown, Set<string>>(),
    /** By the identifier of their token. */
    keys: new Map<unknown, string>(),
    sources: 3,
    /** So many of the sources are seen by superusers only. */
    hidden: 0,
    reply,
  };

  /** Paths that are more than a list and its rows. */
  const actions: Record<string, (asked: Asked) => Reply | Promise<Reply>> = {
    "GET /admin/version/": (asked) => ({ json: shape(asked, { version_current: model.version }) }),
    "GET /core/users/me/": (asked) => ({ json: shape(asked, { user: { ...sampleIn(asked, "user"), ...asked.user } }) }),
    "GET /sources/oauth/": (asked) => listSources(asked),
    "GET /rbac/permissions/": (asked) => {
      const held = [...(model.permissions.get(asked.query.get("role")) ?? [])].map((name, id) => {
        const [app_label, codename] = name.split(".");
        return { pk: id, id, app_label, codename, role: asked.query.get("role") };
      });
      return list(held, asked);
    },
    "POST /rbac/permissions/assigned_by_roles/{uuid}/assign/": ({ variables, body, operation }) => {
      const names = [body?.permissions].flat().map(String);
      const held = model.permissions.get(variables.uuid) ?? new Set();
      model.permissions.set(variables.uuid, new Set([...held, ...names]));
      return successOf(operation).schema ? { json: names.map((id) => ({ id })) } : {};
    },
    "POST /core/groups/{group_uuid}/add_user/": ({ variables, body }) => {
      const group = tables["/core/groups/"].rows.find(({ pk }) => pk === variables.group_uuid);
      if (group) group.users = [...new Set([group.users, body?.pk].flat())];
      return {};
    },
    "GET /core/tokens/{identifier}/view_key/": ({ variables }) => ({
      json: { key: model.keys.get(variables.identifier) },
    }),
    "POST /events/transports/{uuid}/test/": async ({ variables }) => {
      const transport = tables["/events/transports/"].rows.find(({ pk }) => pk === variables.uuid);
      if (!transport) return refuse(404, "No object matches the given query.");
      return callHook(transport, tables["/propertymappings/notification/"].rows);
    },
  };

  async function reply(asked: Asked): Promise<Reply> {
    const { method, path, template, user } = asked;
    const isOpen = ["/core/users/me/", "/sources/oauth/", "/core/tokens/"].includes(path);
    if (!user.is_superuser && !isOpen) return refuse(403, "You do not have permission to perform this action.");
    const action = actions[`${method} ${template}`];
    if (action) return action(asked);
    const listPath = (Object.keys(tables) as (keyof Tables)[]).find((each) => path.startsWith(each));
    if (!listPath) throw new Error(`the stub has no ${path}`);
    const { rows, identifiedBy } = tables[listPath];
    const [identifier] = Object.values(asked.variables);
    if (identifier === undefined) return method === "POST" ? create(listPath, asked) : list(rows, asked);
    const row = rows.find((each) => String(each[identifiedBy]) === identifier);
    if (!row) return refuse(404, "No object matches the given query.");
    if (method === "PATCH") return update(listPath, row, asked);
    if (method === "DELETE") removeRow(tables, listPath, row);
    return method === "DELETE" ? {} : { json: shape(asked, row) };
  }

  function create(path: keyof Tables, asked: Asked): Reply {
    const { unique, defaults, rows }: Table = tables[path];
    const pk = path === "/core/users/" ? rows.length + 2 : randomUUID();
    const row: Row = { ...defaults, ...asked.body, pk };
    if (unique && rows.some((other) => other[unique] === row[unique])) {
      return { status: 400, json: { [unique]: ["This field must be unique."] } };
    }
    if (path === "/core/tokens/") {
      // A token that anybody else makes is their own, whatever they ask for.
      if (!asked.user.is_superuser) row.user = asked.user.pk;
      model.keys.set(row.identifier, `ak-${randomUUID()}`);
    }
    rows.push(row);
    return { json: shape(asked, row) };
  }

  function update(path: keyof Tables, row: Row, asked: Asked): Reply {
    // Where the request does not say whose a token is, it becomes that of whoever asks.
    if (path === "/core/tokens/") row.user = asked.user.pk;
    // 2024 and 2025 take all permissions from a role that is changed.
    if (path === "/rbac/roles/") model.permissions.delete(row.pk);
    if (path === "/events/transports/" && asked.body?.mode === "webhook" && !asked.body.webhook_url) {
      return { status: 400, json: { webhook_url: ["Webhook URL may not be empty."] } };
    }
    Object.assign(row, asked.body);
    return { json: shape(asked, row) };
  }

  /** Superusers see all; others all, some or none, as authentik's own filter has it. */
  function listSources(asked: Asked): Reply {
    const { user } = asked;
    const roles = tables["/core/groups/"].rows
      .filter(({ users }) => [users].flat().includes(user.pk))
      .flatMap((group) => [group.roles].flat());
    const mayView = roles.some((role) => model.permissions.get(role)?.has("authentik_sources_oauth.view_oauthsource"));
    if (!user.is_superuser && !mayView) return refuse(403, "You do not have permission to perform this action.");
    const count = model.sources - (user.is_superuser ? 0 : model.hidden);
    return list(
      Array.from({ length: count }, (_, pk) => ({ pk: `00000000-0000-4000-8000-00000000000${pk}` })),
      asked,
    );
  }

  /** Two to a page, so that nobody relies on there being one. */
  function list(rows: Row[], asked: Asked): Reply {
    const { page = "1", page_size: _, search = "", ...filters } = Object.fromEntries(asked.query);
    const found = rows.filter(
      (row) =>
        Object.entries(filters).every(([name, value]) => String(row[name]) === value) &&
        Object.values(row).join("\n").includes(search),
    );
    const start = (Number(page) - 1) * 2;
    const next = start + 2 < found.length ? Number(page) + 1 : 0;
    const pagination = { ...sampleIn(asked, "pagination"), next, count: found.length, current: Number(page) };
    const item = fieldsOf(asked).results?.items ?? {};
    return {
      json: shape(asked, { pagination, results: found.slice(start, start + 2).map((row) => complete(item, row)) }),
    };
  }

  const fieldsOf = ({ operation }: Described): Record<string, Schema> =>
    resolveSchema(document, successOf(operation).schema ?? {}).properties ?? {};

  const sampleIn = (asked: Described, field: string) => sampleOf(document, fieldsOf(asked)[field] ?? {}) as object;

  /** The fields that the schema has, and samples of those that are required and not known here. */
  function complete(schema: Schema, row: object): object {
    const { properties = {} } = resolveSchema(document, schema);
    const known = Object.entries(row).filter(([name]) => name in properties);
    return { ...(sampleOf(document, schema) as object), ...Object.fromEntries(known) };
  }

  const shape = ({ operation }: Described, row: object) => complete(successOf(operation).schema ?? {}, row);

  return model;
}
