import { PassThrough } from "node:stream";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ask } from "../../tools/ask.ts";
import { type Authentik, adminToken, startAuthentik } from "../support/authentik/stub.ts";
import { account, type CloudflareStandIn, cloudflareToken, startCloudflare } from "../support/cloudflare/stand-in.ts";
import { runTool } from "../support/run.ts";
import { sendJson } from "../support/upstream.ts";

const name = "authentik-sources-edge";

let authentik: Authentik;
let cloudflare: CloudflareStandIn;

beforeAll(async () => {
  cloudflare = await startCloudflare();
});

afterAll(() => cloudflare.close());

beforeEach(async () => {
  authentik = await startAuthentik("2026.8.3");
  cloudflare.scripts.clear();
  cloudflare.databases.length = 0;
  cloudflare.asked.length = 0;
  cloudflare.subdomain = "acme";
  cloudflare.accounts.length = 1;
  cloudflare.intercept = () => false;
});

afterEach(async () => {
  await authentik.close();
  expect(authentik.violations).toEqual([]);
});

async function setUp(args: string[] = [authentik.origin], variables: Record<string, string> = {}) {
  const outcome = await runTool("setup", args, {
    LIBSQL_URL: "",
    AUTHENTIK_ADMIN_TOKEN: adminToken,
    CLOUDFLARE_API_BASE_URL: cloudflare.base,
    CLOUDFLARE_API_TOKEN: cloudflareToken,
    CLOUDFLARE_ACCOUNT_ID: account,
    ...variables,
  });
  for (const secret of [adminToken, cloudflareToken]) expect(outcome.stdout + outcome.stderr).not.toContain(secret);
  return outcome;
}

const changes = () => [...authentik.changes, ...cloudflare.asked.filter((asked) => !asked.startsWith("GET "))];

describe("npm run setup", () => {
  it("says with --dry-run what it would do, and does nothing", async () => {
    const { code, stdout, stderr } = await setUp([authentik.origin, "--dry-run"]);
    expect({ code, stdout, changes: changes() }, stderr).toEqual({ code: 0, stdout: "", changes: [] });
    expect(stderr.trimEnd().split("\n")).toEqual([
      `✓ authentik 2026.8.3 at ${authentik.origin}`,
      "✓ Cloudflare: there is no Worker yet",
      "would make the role authentik-sources-edge",
      "would give the role the permission authentik_sources_oauth.view_oauthsource",
      "would make the group authentik-sources-edge",
      "would make the user authentik-sources-edge",
      "would put the user into the group",
      "would make the token authentik-sources-edge",
      "would make the Worker: authentik-sources-edge, over its D1 database",
      "would apply the migrations that are missing, and make a token for readers where there is none",
      "would make the webhook in authentik, and wait for the first sync",
      "A dry run: nothing was made.",
    ]);
  });

  it.each<[string, string[], Record<string, string>, string]>([
    ["without an address", [], {}, "give one address"],
    [
      "with what is no address",
      ["authentik.example"],
      {},
      "give authentik's address, such as https://authentik.example",
    ],
    [
      "with the admin's address",
      ["https://a.example/if/admin/#/core"],
      {},
      "leave /if/admin/#/core out: give https://a.example",
    ],
    ["with the API's", ["https://a.example/auth/api/v3"], {}, "leave /api/v3 out: give https://a.example/auth"],
    ["with http:// to another machine", ["http://a.example"], {}, "http://a.example is not https"],
    [
      "without a token and a terminal",
      ["https://a.example"],
      { AUTHENTIK_ADMIN_TOKEN: "" },
      "AUTHENTIK_ADMIN_TOKEN is not set",
    ],
    ["with a token that is none", ["https://a.example"], { AUTHENTIK_ADMIN_TOKEN: "a b" }, "that is no API token"],
    [
      "with a file for the store",
      ["https://a.example", "--libsql", "file:x"],
      {},
      "--libsql takes the address of a server",
    ],
    [
      "with an address of the Worker that is none",
      ["https://a.example", "--address", "x"],
      {},
      "--address takes the Worker's",
    ],
    ["with --with-data alone", ["https://a.example", "--with-data"], {}, "--with-data and --yes are for --remove"],
    [
      "with --remove and --libsql",
      ["https://a.example", "--remove", "--libsql", "x"],
      {},
      "--remove takes no --libsql",
    ],
  ])("refuses a call %s", async (_, args, variables, message) => {
    const { code, stdout, stderr } = await setUp(args, variables);
    expect({ code, stdout, changes: changes() }).toEqual({ code: 2, stdout: "", changes: [] });
    expect(stderr).toContain(message);
    expect(stderr).toContain("See npm run setup -- --help");
  });

  const binding = (type: string, name: string, id = "d1000001-0000-4000-8000-000000000000") => ({ type, name, id });
  const runner = binding("durable_object_namespace", "SYNC_RUNNER");

  it.each<[string, () => unknown, string]>([
    [
      "the administrator is none",
      () => Object.assign(authentik.administrator, { is_superuser: false }),
      "who is no superuser",
    ],
    [
      "the account has no name on workers.dev",
      () => Object.assign(cloudflare, { subdomain: undefined }),
      `choose one at https://dash.cloudflare.com/${account}/workers/onboarding, then run this again`,
    ],
    [
      "the token may not use D1",
      () => {
        cloudflare.intercept = (asked, response) => {
          const isD1 = asked === "GET /d1/database";
          if (isD1)
            sendJson(response, { success: false, errors: [{ code: 10000, message: "Authentication error" }] }, 403);
          return isD1;
        };
      },
      "the token must be allowed to edit Workers Scripts and D1",
    ],
    [
      "the Worker of that name is another",
      () => cloudflare.scripts.set(name, { code: "", bindings: [] }),
      "is not this project's, which has the binding SYNC_RUNNER: give yours another name in wrangler.toml",
    ],
    [
      "the Worker reads a libSQL database",
      () => cloudflare.scripts.set(name, { code: "", bindings: [runner, binding("secret_text", "LIBSQL_URL")] }),
      "reads a libSQL database: give its address with --libsql",
    ],
    [
      "the Worker has another D1",
      () => {
        cloudflare.databases.push({ uuid: "d1000001-0000-4000-8000-000000000000", name: "sources" });
        cloudflare.scripts.set(name, { code: "", bindings: [runner, binding("d1", "DB")] });
      },
      'write database_name = "sources" and database_id = "d1000001-',
    ],
  ])("says what to do, and changes nothing, where %s", async (_, arrange, message) => {
    arrange();
    const { code, stdout, stderr } = await setUp();
    expect({ code, stdout, changes: changes() }).toEqual({ code: 1, stdout: "", changes: [] });
    expect(stderr.trimEnd().split("\n").at(-1)).toContain(message);
  });

  it("asks which account is meant where nobody can answer", async () => {
    cloudflare.accounts.push({ id: "b2", name: "Other" });
    const { code, stderr } = await setUp([authentik.origin], { CLOUDFLARE_ACCOUNT_ID: "" });
    expect(code).toBe(2);
    expect(stderr).toContain(
      `CLOUDFLARE_ACCOUNT_ID must say which account is meant:\n  1  Acme  ${account}\n  2  Other  b2`,
    );
  });
});

describe("npm run setup -- --remove", () => {
  it("asks first, and removes nothing where nobody can answer", async () => {
    const { code, stderr } = await setUp([authentik.origin, "--remove"]);
    expect({ code, changes: changes() }).toEqual({ code: 2, changes: [] });
    expect(stderr).toContain("--remove asks first: add --yes where nobody can answer");
  });

  it("leaves what somebody else made, and says so", async () => {
    cloudflare.scripts.set(name, { code: "", bindings: [] });
    const { code, stderr } = await setUp([authentik.origin, "--remove", "--yes"]);
    expect({ code, changes: changes() }).toEqual({ code: 1, changes: [] });
    expect(stderr).toContain("is not this project's");
  });

  it("shows with --dry-run what it would remove", async () => {
    cloudflare.databases.push({ uuid: "d1000001-0000-4000-8000-000000000000", name: `${name}-db` });
    const { code, stderr } = await setUp([authentik.origin, "--remove", "--dry-run", "--with-data"]);
    expect({ code, changes: changes() }).toEqual({ code: 0, changes: [] });
    expect(stderr).toContain("there is no Worker authentik-sources-edge\n");
    expect(stderr).toContain("would remove the D1 database authentik-sources-edge-db\n");
  });
});

describe("a question", () => {
  /** A terminal that keeps what it is sent, and whether its keys are raw. */
  function terminal() {
    const modes: boolean[] = [];
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (isRaw: boolean) => modes.push(isRaw) });
    const stderr = new PassThrough();
    return { stdin, stderr, modes, shown: () => String(stderr.read() ?? "") };
  }

  it.each([
    ["text", ["hello\r"], false, "hello", "? hello\n"],
    ["a secret", ["s3cr", "et\n"], true, "s3cret", "? \n"],
    ["a mistake", ["ab\u007fc\r"], false, "ac", "? ab\b \bc\n"],
    ["a line anew", ["wrong\u0015right\r"], true, "right", "? \n"],
    ["what is pasted, with its marks", ["\u001b[200~ pasted \u001b[201~\r"], true, "pasted", "? \n"],
  ])("takes %s", async (_, keys, isSecret, answer, shown) => {
    const there = terminal();
    const answered = ask("? ", { ...there, isSecret });
    for (const key of keys) there.stdin.write(key);
    expect(await answered).toBe(answer);
    expect({ shown: there.shown(), modes: there.modes }).toEqual({ shown, modes: [true, false] });
  });

  it("is broken off by the signal too", async () => {
    const there = terminal();
    const controller = new AbortController();
    const answered = ask("? ", { ...there, signal: controller.signal });
    controller.abort();
    await expect(answered).rejects.toThrow("broken off");
    expect(there.modes).toEqual([true, false]);
  });

  it.each([
    ["Ctrl-C", "ab\u0003"],
    ["Ctrl-D", "\u0004"],
  ])("is broken off by %s, and leaves the terminal as it was", async (_, key) => {
    const there = terminal();
    const answered = ask("? ", { ...there, isSecret: true });
    there.stdin.write(key);
    await expect(answered).rejects.toThrow("broken off");
    expect({ shown: there.shown(), modes: there.modes }).toEqual({ shown: "? \n", modes: [true, false] });
  });
});
