/** The name of everything that is made, so that it can be found again and is known at sight. */
export const objectName = "authentik-sources-edge";

/** The attribute of what is made, where its kind has attributes: anybody may have chosen the name. */
export const mark = { [objectName]: "made by authentik:setup" };

/** A kind of object in authentik, and how one of it is found. */
export interface Kind {
  label: string;
  /** Of its list, below the API's address. */
  path: string;
  /** The list's query parameters, and the fields that they and one object alone have. */
  foundBy: Record<string, string>;
  /** The field by which its own path goes on. */
  identifiedBy: string;
}

const kind = (label: string, path: string, foundBy: Kind["foundBy"], identifiedBy = "pk"): Kind => ({
  label,
  path,
  foundBy,
  identifiedBy,
});

const byName = { name: "name" };

/** Each is made after what it refers to, and taken back before it. */
export const kinds = {
  // Roles can be filtered by their name since 2025.12 only.
  role: kind("role", "rbac/roles/", { search: "name" }),
  group: kind("group", "core/groups/", byName),
  user: kind("user", "core/users/", { username: "username" }),
  token: kind("token", "core/tokens/", { identifier: "identifier" }, "identifier"),
  mapping: kind("webhook mapping", "propertymappings/notification/", byName),
  transport: kind("notification transport", "events/transports/", byName),
  policy: kind("event matcher policy", "policies/event_matcher/", byName),
  rule: kind("notification rule", "events/rules/", byName),
  binding: kind("policy binding", "policies/bindings/", { policy: "policy", target: "target" }),
};
