import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { kinds, mark } from "../../tools/authentik/kinds.ts";
import { dialectOf } from "../../tools/authentik/version.ts";
import { runSetUp, startHook } from "../support/authentik/run-set-up.ts";
import { type Authentik, startAuthentik } from "../support/authentik/stub.ts";
import { sendJson } from "../support/upstream.ts";

const secret = "a-secret-of-the-hook-0123456789abcdef";

let authentik: Authentik;
let hook: Awaited<ReturnType<typeof startHook>>;

beforeEach(async () => {
  authentik = await startAuthentik("2026.8.3");
  hook = await startHook();
});

afterEach(async () => {
  await Promise.all([authentik.close(), hook.close()]);
  expect(authentik.violations).toEqual([]);
});

const withHook = (given?: string) => ({ hook: { address: hook.address, secret: given } });

type Send = (response: ServerResponse) => void;

const json =
  (status: number, body: unknown): Send =>
  (response) =>
    sendJson(response, JSON.stringify(body), status);

const page =
  (status: number, headers: Record<string, string> = {}): Send =>
  (response) =>
    response.writeHead(status, { "Content-Type": "text/html", ...headers }).end("<html>");

/** Answers one request in authentik's place. */
function answering(request: string, send: Send) {
  authentik.intercept = (asked, response) => {
    if (asked !== request) return false;
    send(response);
    return true;
  };
}

describe("the set-up of an authentik", () => {
  it.each([
    ["does not take the token", json(401, { detail: "x" }), "answered with 401 (x): take a better token"],
    [
      "does not know the token",
      json(403, { detail: "Token invalid/expired" }),
      "answered with 403 (Token invalid/expired): take a better token",
    ],
    [
      "finds fault",
      json(400, { name: ["Too long.", "Not unique."], code: "invalid" }),
      "400: name: Too long. Not unique.",
    ],
    ["finds fault with no field", json(400, ["no"]), '400: ["no"]'],
    [
      "finds fault in a field of a field",
      json(400, { roles: { 0: ["Not valid."] } }),
      '400: roles: {"0":["Not valid."]}',
    ],
    ["gives no reason", json(400, { code: "invalid" }), "400: no reason was given"],
    ["is throttled", json(429, { detail: "x" }), "answered with 429: run the same command again in a minute"],
    [
      "fails",
      json(500, { detail: "x" }),
      "answered with 500 (x): authentik, or what stands in front of it, is not well",
    ],
    ["is not there yet", page(502), "answered with 502: authentik, or what stands in front of it, is not well"],
    ["is a web page", page(200), "answered with 200 and text/html, not with JSON: is authentik there?"],
    [
      "is a web page that is not there",
      page(404),
      "answered with 404 and text/html, not with JSON: is authentik there?",
    ],
    ["has no such path", json(404, { detail: "Not found." }), "is it an authentik, 2024.6 or newer?"],
    ["gives other JSON", json(200, { hello: "world" }), "is JSON, but not authentik's: is authentik there?"],
    ["breaks its JSON", (response: ServerResponse) => sendJson(response, "{"), "not with JSON: is authentik there?"],
    ["hangs up", (response: ServerResponse) => response.destroy(), "the connection failed (UND_ERR_SOCKET)"],
    ["sends control characters", json(400, { name: ["\u001b[31mred\n"] }), "400: name:  [31mred"],
  ] as [string, Send, string][])("says what to do where it %s", async (_, send, sentence) => {
    for (const request of ["GET /core/users/me/", "POST /rbac/roles/"]) {
      answering(request, send);
      const { error, told } = await runSetUp(authentik, withHook(secret));
      expect(error).toMatch(new RegExp(`^Refusal: .*(${request.split(" ")[1]}|user of the token|role)`));
      expect(error).toContain(sentence);
      expect(told).toEqual([]);
    }
  });

  it("waits for no answer longer than it should", async () => {
    answering("GET /core/users/me/", () => {});
    const { error } = await runSetUp(authentik, { connection: { deadlineMs: 50 } });
    expect(error).toBe(`Refusal: GET ${authentik.origin}/api/v3/core/users/me/ was not answered in full within 0.05 s`);
  }, 10_000);

  it("refuses to leave anything behind unsaid, and minds nothing that is gone", async () => {
    await runSetUp(authentik, withHook(secret));
    const removing = (send: Send) => {
      authentik.intercept = (asked, response) => {
        const isUser = asked.startsWith("DELETE /core/users/");
        if (isUser) send(response);
        return isUser;
      };
      return runSetUp(authentik, { remove: true });
    };
    const failed = await removing(json(409, { detail: "in use" }));
    expect(failed.error).toContain("was answered with 409: detail: in use");
    const gone = await removing(json(404, { detail: "Not found." }));
    expect({ error: gone.error, last: gone.lines.at(-1) }).toEqual({
      error: undefined,
      last: "removed the role authentik-sources-edge",
    });
  });

  it("says that nobody listens", async () => {
    const { error } = await runSetUp({ origin: "http://127.0.0.1:1" });
    expect(error).toMatch(/^Refusal: GET http:\/\/127\.0\.0\.1:1\/api\/v3\/core\/users\/me\/: the connection failed/);
  });

  it.each([
    ["GET /core/users/me/", "https://elsewhere.example/api?x=1", "https://elsewhere.example/api"],
    ["POST /rbac/roles/", "/api/v3/core/groups/", "/api/v3/core/groups/"],
  ])("follows no redirect of %s", async (request, location, shown) => {
    answering(request, page(302, { Location: location }));
    const { error } = await runSetUp(authentik);
    const target = new URL(shown, authentik.origin).href;
    expect(error).toContain(`redirects to ${target}, where the token does not go`);
    expect(authentik.changes.filter((change) => change.includes("groups"))).toEqual([]);
  });

  it("refuses an administrator who is no superuser, before it makes anything", async () => {
    authentik.administrator.is_superuser = false;
    for (const remove of [false, true]) {
      const { error } = await runSetUp(authentik, { remove });
      expect(error).toBe("Refusal: AUTHENTIK_ADMIN_TOKEN is akadmin's, who is no superuser: take a better token");
    }
    expect(authentik.changes).toEqual([]);
  });

  it.each([
    ["user", "/core/users/", { name: "Edge, Ed", type: "internal" }],
    ["user", "/core/users/", { name: "authentik-sources-edge: reads the OAuth sources", type: "internal" }],
    ["group", "/core/groups/", { is_superuser: true }],
    ["group", "/core/groups/", { is_superuser: true, attributes: mark }],
    ["group", "/core/groups/", { users: [5, 6] }],
    ["group", "/core/groups/", { attributes: { team: "edge" } }],
    ["role", "/rbac/roles/", {}],
    ["token", "/core/tokens/", { description: "of a script" }],
    ["webhook mapping", "/propertymappings/notification/", { expression: 'return {"text": "hello"}' }],
    ["notification transport", "/events/transports/", { mode: "webhook", webhook_url: "https://chat.example/hook" }],
    ["event matcher policy", "/policies/event_matcher/", { model: null, action: "login_failed" }],
    ["notification rule", "/events/rules/", { severity: "alert", transports: [] }],
    ["notification rule", "/events/rules/", { severity: "alert" }],
  ] as const)("touches nothing where a %s of its name at %s is somebody else's: %j", async (label, path, fields) => {
    const { tables, permissions } = authentik.model;
    const pk = "00000000-0000-4000-8000-000000000077";
    const { foundBy } = Object.values(kinds).find((kind) => path.endsWith(kind.path)) ?? kinds.role;
    const named = Object.fromEntries(Object.values(foundBy).map((field) => [field, "authentik-sources-edge"]));
    tables[path].rows.push({ ...tables[path].defaults, ...named, ...fields, pk: path === "/core/users/" ? 77 : pk });
    if (path === "/rbac/roles/") permissions.set(pk, new Set(["authentik_core.delete_user"]));
    for (const remove of [false, true]) {
      const { error, told } = await runSetUp(authentik, { ...withHook(secret), remove });
      expect(error).toMatch(new RegExp(`^Refusal: the ${label} authentik-sources-edge is not this tool's, which has `));
      expect({ told, changes: authentik.changes }).toEqual({ told: [], changes: [] });
    }
  });

  it("fails where the sync's user is a superuser by another group", async () => {
    await runSetUp(authentik);
    for (const user of authentik.model.tables["/core/users/"].rows) user.is_superuser = true;
    expect((await runSetUp(authentik)).error).toBe(
      "Refusal: the sync's token is authentik-sources-edge's, who is a superuser: take the user out of such groups",
    );
  });

  it("fails where the sync's token sees a part of the sources", async () => {
    authentik.model.hidden = 1;
    const { error, lines } = await runSetUp(authentik, withHook(secret));
    expect(error).toBe("Refusal: the sync's token sees 2 of 3 OAuth sources");
    expect(lines.join()).not.toContain("webhook");
  });

  it("counts again where a source came or went between two counts", async () => {
    let counts = 0;
    authentik.intercept = (asked) => {
      if (asked === "GET /sources/oauth/" && ++counts === 2) authentik.model.sources = 4;
      return false;
    };
    const { error, lines } = await runSetUp(authentik);
    expect({ error, last: lines.at(-1) }).toEqual({
      error: undefined,
      last: "the sync's token sees all OAuth sources: 4",
    });
  });

  it("is content with an authentik that has no sources", async () => {
    authentik.model.sources = 0;
    const { error, lines } = await runSetUp(authentik);
    expect({ error, last: lines.at(-1) }).toEqual({
      error: undefined,
      last: "the sync's token sees all OAuth sources: 0",
    });
  });

  it("fails where the role's permission does not reach the token", async () => {
    const add = (asked: string) => asked.endsWith("/add_user/");
    authentik.intercept = (asked, response) => {
      if (add(asked)) response.writeHead(204).end();
      return add(asked);
    };
    const { error } = await runSetUp(authentik);
    expect(error).toContain("answered with 403 (You do not have permission to perform this action.)");
    expect(error).toContain("the sync's token may not view OAuth sources");
  });

  it("notices a field that authentik has dropped", async () => {
    await authentik.close();
    authentik = await startAuthentik("2024.6.0");
    authentik.model.version = "2026.8.3";
    authentik.dropsUnknownFields = true;
    const { error } = await runSetUp(authentik, withHook(secret));
    expect(error).toBe(
      "Refusal: authentik took the notification transport without webhook_mapping_headers, webhook_mapping_body: its version is not one that this tool knows",
    );
    authentik.model.version = "2024.6.0";
    authentik.dropsUnknownFields = false;
    expect((await runSetUp(authentik, withHook(secret))).error).toBeUndefined();
  });

  it("fails where the version is none", async () => {
    authentik.model.version = "main";
    expect((await runSetUp(authentik)).error).toContain('authentik\'s version is "main", which is no year and month');
    expect(authentik.changes).toEqual([]);
  });

  it("moves the secret from the body to a header once authentik can", async () => {
    await authentik.close();
    authentik = await startAuthentik("2024.6.0");
    await runSetUp(authentik, withHook(secret));
    const old = authentik.model;
    await authentik.close();
    authentik = await startAuthentik("2026.8.3");
    Object.assign(authentik.model.tables, old.tables);
    // As authentik's own migration does.
    for (const row of authentik.model.tables["/events/transports/"].rows) {
      Object.assign(row, { webhook_mapping_body: row.webhook_mapping, webhook_mapping: undefined });
    }
    for (const row of authentik.model.tables["/events/rules/"].rows) row.destination_group = row.group;
    for (const [role, names] of old.permissions) authentik.model.permissions.set(role, names);
    for (const [identifier, key] of old.keys) authentik.model.keys.set(identifier, key);
    hook.calls = [];
    const { error, told } = await runSetUp(authentik, withHook());
    expect({ error, secret: told.at(-1)?.value }).toEqual({ error: undefined, secret });
    expect(hook.calls).toEqual([{ authorization: `Bearer ${secret}`, body: { body: "Test Notification" } }]);
  });

  it.each([
    [403, "answered with 403: the Worker has another SYNC_HOOK_SECRET than authentik"],
    [404, "answered with 404: the Worker has no SYNC_HOOK_SECRET, or is older than the hook"],
    [200, "answered with 200: the hook would say 202: is http://127.0.0.1:"],
    [500, "answered with 500: 500 Server Error"],
  ])("fails where the hook answers %i, and is whole even so", async (status, sentence) => {
    hook.status = status;
    const { error } = await runSetUp(authentik, withHook(secret));
    expect(error).toContain(`Refusal: all is made, but authentik's test notification was ${sentence}`);
    hook.status = 202;
    authentik.changes = [];
    expect((await runSetUp(authentik, withHook(secret))).error).toBeUndefined();
    expect(authentik.changes).toHaveLength(1);
  });

  it("fails where authentik does not reach the hook", async () => {
    await hook.close();
    const { error } = await runSetUp(authentik, withHook());
    expect(error).toContain("test notification got no answer: HTTPSConnectionPool: Max retries exceeded");
  });

  it("fails where authentik cannot try the hook", async () => {
    authentik.intercept = (asked, response) => {
      if (asked.endsWith("/test/")) sendJson(response, JSON.stringify({ detail: "x" }), 403);
      return asked.endsWith("/test/");
    };
    expect((await runSetUp(authentik, withHook())).error).toContain("answered with 403 (x): take a better token");
  });
});

describe("the version of authentik", () => {
  it.each([
    ["2024.6.0", false, "group"],
    ["2024.12.3", false, "group"],
    ["2025.2.0", true, "group"],
    ["2025.4.1", true, "group"],
    ["2025.6.0-rc1", true, "destination_group"],
    ["2025.10.4", true, "destination_group"],
    ["2026.2.0", true, "destination_group"],
    ["2026.8.3", true, "destination_group"],
  ])("%s has what its clients have", (version, hasHeaders, groupField) => {
    expect(dialectOf(version)).toEqual({ hasHeaders, groupField });
  });
});
