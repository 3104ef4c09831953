/** A row of a table of the stub. */
export type Row = Record<string, unknown> & { pk: string | number };

/** What is particular to a kind of object, as far as the stub has it. */
export interface Table {
  /** No two rows have the same. */
  unique: string | undefined;
  /** The field by which its own path goes on. */
  identifiedBy: string;
  /** What authentik sets where a request says nothing. */
  defaults: Record<string, unknown>;
  rows: Row[];
}

const table = (unique: string | undefined, defaults: Table["defaults"] = {}, identifiedBy = "pk"): Table => ({
  unique,
  identifiedBy,
  defaults,
  rows: [],
});

export type Tables = ReturnType<typeof createTables>;

/** The tables, by the path of their lists. */
export const createTables = () => ({
  "/rbac/roles/": table("name"),
  "/core/groups/": table("name", { users: [], roles: [], is_superuser: false, attributes: {} }),
  "/core/users/": table("username", { type: "internal", is_active: true, path: "users", attributes: {} }),
  "/core/tokens/": table("identifier", { intent: "api", expiring: true, description: "" }, "identifier"),
  "/propertymappings/notification/": table("name"),
  "/events/transports/": table("name", { webhook_url: "", send_once: false }),
  "/policies/event_matcher/": table("name", { model: null }),
  "/events/rules/": table("name", { severity: "notice", transports: [] }),
  "/policies/bindings/": table(undefined, { enabled: true, policy: null }),
});

/** What goes or changes with a row, as Django's foreign keys have it. */
export function removeRow(tables: Tables, path: keyof Tables, row: Row): void {
  tables[path].rows = tables[path].rows.filter((other) => other !== row);
  const isLeft = (field: string) => (other: Row) => other[field] !== row.pk;
  if (path === "/core/users/") {
    tables["/core/tokens/"].rows = tables["/core/tokens/"].rows.filter(isLeft("user"));
    dropFrom(tables["/core/groups/"].rows, "users", row);
  }
  if (path === "/rbac/roles/") dropFrom(tables["/core/groups/"].rows, "roles", row);
  if (path === "/events/transports/") dropFrom(tables["/events/rules/"].rows, "transports", row);
  const bindings = tables["/policies/bindings/"];
  if (path === "/events/rules/") bindings.rows = bindings.rows.filter(isLeft("target"));
  if (path === "/policies/event_matcher/") bindings.rows = bindings.rows.filter(isLeft("policy"));
}

function dropFrom(rows: Row[], field: string, { pk }: Row): void {
  for (const row of rows) row[field] = [row[field]].flat().filter((item) => item !== pk);
}
