import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startHook } from "../support/authentik/run-set-up.ts";
import { type Authentik, adminToken, startAuthentik } from "../support/authentik/stub.ts";
import { runTool } from "../support/run.ts";
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

async function setUp(args: string[] = [authentik.origin], variables: Record<string, string> = {}) {
  const { code, stdout, stderr } = await runTool("authentik-setup", args, {
    AUTHENTIK_ADMIN_TOKEN: adminToken,
    SYNC_HOOK_SECRET: "",
    ...variables,
  });
  for (const known of [adminToken, secret, ...authentik.model.keys.values()]) expect(stderr).not.toContain(known);
  expect(stdout).not.toContain(adminToken);
  return { code, stdout, lines: stderr.trimEnd().split("\n"), stderr };
}

const key = () => authentik.model.keys.get("authentik-sources-edge");

describe("npm run authentik:setup", () => {
  it("prints the token once, and what it does on stderr", async () => {
    const first = await setUp();
    expect(first).toMatchObject({ code: 0, stdout: `AUTHENTIK_TOKEN=${key()}\n` });
    expect(first.lines).toEqual([
      `authentik 2026.8.3 at ${authentik.origin}`,
      "made the role authentik-sources-edge",
      "gave the role the permission authentik_sources_oauth.view_oauthsource",
      "made the group authentik-sources-edge",
      "made the user authentik-sources-edge",
      "put the user into the group",
      "made the token authentik-sources-edge",
      "the sync's token sees all OAuth sources: 3",
    ]);
    const second = await setUp();
    expect(second).toMatchObject({ code: 0, stdout: "" });
    expect(second.lines.slice(1, -1)).toEqual([
      "the role authentik-sources-edge is there",
      "the role has the permission authentik_sources_oauth.view_oauthsource",
      "the group authentik-sources-edge is there",
      "the user authentik-sources-edge is there",
      "the user is in the group",
      "the token authentik-sources-edge is there",
    ]);
  });

  it("sets a hook up with the secret of its environment, which it does not print", async () => {
    const args = [authentik.origin, "--hook", hook.address.href];
    const { code, stdout } = await setUp(args, { SYNC_HOOK_SECRET: secret });
    expect({ code, stdout }).toEqual({ code: 0, stdout: `AUTHENTIK_TOKEN=${key()}\n` });
    expect(hook.calls).toEqual([{ authorization: `Bearer ${secret}`, body: { body: "Test Notification" } }]);
    const shown = await setUp([...args, "--show-secrets"]);
    expect(shown).toMatchObject({ code: 0, stdout: `AUTHENTIK_TOKEN=${key()}\nSYNC_HOOK_SECRET=${secret}\n` });
  });

  it("prints a secret of its own making once", async () => {
    const args = [authentik.origin, "--hook", hook.address.href];
    const { stdout } = await setUp(args);
    const [, generated = ""] = /^SYNC_HOOK_SECRET=([\w-]{43})$/m.exec(stdout) ?? [];
    expect(JSON.stringify(hook.calls)).toContain(`Bearer ${generated}`);
    expect(generated).not.toBe("");
    expect((await setUp(args)).stdout).toBe("");
  });

  it("makes nothing with --dry-run, and takes all back with --remove", async () => {
    const dry = await setUp([authentik.origin, "--dry-run"]);
    expect(dry).toMatchObject({ code: 0, stdout: "" });
    expect(authentik.changes).toEqual([]);
    await setUp();
    expect(await setUp([authentik.origin, "--remove", "--dry-run"])).toMatchObject({ code: 0, stdout: "" });
    expect(authentik.model.tables["/core/users/"].rows).toHaveLength(1);
    const removed = await setUp([authentik.origin, "--remove"]);
    expect(removed).toMatchObject({ code: 0, stdout: "" });
    expect(removed.lines.at(-1)).toBe("removed the role authentik-sources-edge");
    expect(Object.values(authentik.model.tables).flatMap(({ rows }) => rows)).toEqual([]);
  });

  it("fails with 1, in a sentence that tells no secret, even where authentik sends one back", async () => {
    authentik.intercept = (asked, response) => {
      const isMapping = asked === "POST /propertymappings/notification/";
      if (isMapping) sendJson(response, JSON.stringify({ expression: [`${adminToken} and ${secret}`] }), 400);
      return isMapping;
    };
    const { code, lines } = await setUp([authentik.origin, "--hook", hook.address.href], { SYNC_HOOK_SECRET: secret });
    expect(code).toBe(1);
    expect(lines.at(-1)).toBe(
      `authentik-setup: POST ${authentik.origin}/api/v3/propertymappings/notification/ was answered with 400: expression: … and …`,
    );
  });

  it("takes an authentik below a path", async () => {
    const { code, stderr } = await setUp([`${authentik.origin}/below/`]);
    expect(code).toBe(1);
    expect(stderr).toContain(`GET ${authentik.origin}/below/api/v3/core/users/me/ was answered with 404`);
    expect(authentik.violations.splice(0)).toEqual(["2026.8.3 has no GET /below/api/v3/core/users/me/"]);
  });

  it.each([
    ["without an address", [], {}, "give one address"],
    ["with two addresses", ["https://a.example", "https://b.example"], {}, "give one address"],
    ["with no URL", ["authentik"], {}, "URL must be an https:// URL"],
    ["with a password in the URL", ["https://a:b@c.example"], {}, "may hold no user name and no password"],
    ["with http:// to another machine", ["http://authentik.example"], {}, "http://authentik.example is not https"],
    ["without a token", ["https://a.example"], { AUTHENTIK_ADMIN_TOKEN: "" }, "AUTHENTIK_ADMIN_TOKEN is not set"],
    ["with a token that is none", ["https://a.example"], { AUTHENTIK_ADMIN_TOKEN: "a\nb" }, "that no API token has"],
    [
      "with a hook that is no URL",
      ["https://a.example", "--hook", "x"],
      {},
      "--hook takes the Worker's https:// address",
    ],
    ["with another path", ["https://a.example", "--hook", "https://b.example/"], {}, "ends with /hooks/authentik"],
    [
      "with a secret in the hook's query",
      ["https://a.example", "--hook", "https://b.example/hooks/authentik?secret=x"],
      {},
      "without user name, password, query and fragment",
    ],
    [
      "with a hook in the clear",
      ["https://a.example", "--hook", "http://b.example/hooks/authentik"],
      {},
      "http://b.example is not https: authentik would send the secret",
    ],
    [
      "with a short secret",
      ["https://a.example", "--hook", "https://b.example/hooks/authentik"],
      { SYNC_HOOK_SECRET: "s".repeat(31) },
      "SYNC_HOOK_SECRET must have 32 to 256 characters",
    ],
    [
      "with a secret that would be code",
      ["https://a.example", "--hook", "https://b.example/hooks/authentik"],
      { SYNC_HOOK_SECRET: `${"s".repeat(40)}"` },
      "letters, digits and . _ ~ + / = - only",
    ],
    ["with --remove and --hook", ["https://a.example", "--remove", "--hook", "x"], {}, "--remove takes no --hook"],
    ["with a flag that there is not", ["https://a.example", "--token", "x"], {}, "Unknown option '--token'"],
  ])("refuses a call %s", async (_, args, variables, message) => {
    const { code, stderr, stdout } = await setUp(args, variables as Record<string, string>);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).toContain("See npm run authentik:setup -- --help");
    expect(stderr).not.toContain("ssss");
  });

  it("sends a token in the clear where it is told to", async () => {
    const { code, stderr } = await setUp(["http://authentik.invalid", "--allow-http"]);
    expect(code).toBe(1);
    expect(stderr).toContain("GET http://authentik.invalid/api/v3/core/users/me/: the connection failed");
  });

  it("explains itself with --help", async () => {
    expect(await setUp(["--help"])).toMatchObject({ code: 0, stdout: expect.stringContaining("--show-secrets") });
  });
});
