import { describe, expect, it } from "vitest";
import { documentOfClient } from "../support/authentik/client-document.ts";
import { contractOf } from "../support/authentik/contract.ts";
import { documentOf, type Schema } from "../support/authentik/documents.ts";

const described = documentOf("2026.8.3").components.schemas;

/** What the generated code keeps of a model. */
const kept = ({ enum: values, properties, required = [] }: Schema) => ({
  values,
  fields: properties && Object.keys(properties).sort(),
  required: [...required].sort(),
});

describe("the document that is made back from a client", () => {
  it("has the models of the document that the client of 2026 was generated from", () => {
    const made = documentOfClient("node_modules/authentik-client-2026").components.schemas;
    const names = Object.keys(described).filter((name) => {
      const { type, properties, enum: values } = described[name] ?? {};
      return made[name] && ((type === "object" && properties) || (type === "string" && values));
    });
    expect(names.length).toBeGreaterThan(800);
    for (const name of names) expect(kept(made[name] ?? {}), name).toEqual(kept(described[name] ?? {}));
  });

  it("has the parameters, bodies and answers of requests", () => {
    const { paths } = documentOf("2024.6.0");
    expect(paths["/rbac/roles/"]?.get?.parameters).toContainEqual({
      in: "query",
      name: "page_size",
      schema: { type: "number" },
    });
    const assign = paths["/rbac/permissions/assigned_by_roles/{uuid}/assign/"]?.post;
    expect(assign?.parameters).toEqual([{ in: "path", name: "uuid", required: true, schema: { type: "string" } }]);
    expect(assign?.responses).toEqual({ 204: {} });
    expect(JSON.stringify(paths["/events/rules/"]?.post)).toContain("#/components/schemas/NotificationRuleRequest");
    expect(JSON.stringify(paths["/events/rules/"]?.post?.responses)).toContain('"201"');
  });
});

describe("a contract", () => {
  const { describe: find, problemsOfRequest } = contractOf("2026.8.3");

  it.each([
    ["GET", "/rbac/roles/", "page=x", undefined, ["page must be integer"]],
    ["GET", "/rbac/roles/", "colour=red", undefined, ["there is no parameter colour"]],
    ["DELETE", "/rbac/roles/x/", "", undefined, ['uuid must match format "uuid"']],
    ["POST", "/rbac/roles/", "", {}, ["the body must have required property 'name'"]],
    ["POST", "/rbac/roles/", "", { name: 5 }, ["the body/name must be string"]],
    ["POST", "/rbac/roles/", "", undefined, ["the body must be object"]],
    ["GET", "/rbac/roles/", "", {}, ["there is no body"]],
    ["POST", "/events/rules/", "", { name: "x", severity: "loud" }, ["the body/severity must be equal to one of"]],
    ["POST", "/events/rules/", "", { name: "x", destination_group: null }, []],
    ["GET", "/core/users/me/", "", undefined, []],
  ])("holds %s %s?%s to the document", (method, path, query, body, expected) => {
    const found = find(method, path);
    const { problems = [] } = found ? problemsOfRequest(found, new URLSearchParams(query), body) : {};
    expect(problems).toEqual(expected.map((problem) => expect.stringContaining(problem)));
  });

  it("knows the fields that a body may not have, and the requests that there are not", () => {
    const found = find("POST", "/rbac/roles/");
    expect(found && problemsOfRequest(found, new URLSearchParams(), { name: "x", colour: 1 }).unknown).toEqual([
      "colour",
    ]);
    expect(find("PUT", "/admin/version/")).toBeUndefined();
    expect(find("GET", "/nowhere/")).toBeUndefined();
  });
});
