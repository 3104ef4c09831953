import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { unstable_splitSqlQuery } from "wrangler";
import { temporaryFolder } from "../run.ts";
import { sendJson } from "../upstream.ts";

export const cloudflareToken = "cf-token-0123456789abcdef";
export const account = "a0000000000000000000000000000001";

interface Database {
  uuid: string;
  name: string;
}

interface Binding {
  name: string;
  type: string;
  text?: string;
  id?: string;
}

interface Script {
  code: string;
  bindings: Binding[];
}

interface Statement {
  sql: string;
  params?: unknown[];
}

/** What Cloudflare says where it does not do it. */
class Refused extends Error {
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const pages = { page: 1, per_page: 50, total_pages: 1, count: 1, total_count: 1 };
const spare = [1, 2, 3].map((i) => `d100000${i}-0000-4000-8000-000000000000`);

export type CloudflareStandIn = Awaited<ReturnType<typeof startCloudflare>>;

/**
 * A server in the place of Cloudflare's API: it keeps databases and Workers of one account, and runs the SQL for real, in the
 * runtime's D1. What is deployed there runs too, with its bindings.
 */
export async function startCloudflare() {
  const folder = temporaryFolder();
  const base = {
    resourcePersistencePath: join(folder, "state"),
    d1Databases: Object.fromEntries(spare.map((id, i) => [`SPARE_${i}`, id])),
  };
  const runtime = new Miniflare(
    convertV4MiniflareOptions({ ...base, modules: true, script: "export default { fetch: () => new Response() }" }),
  );
  // The Worker is to stay where it is from one deployment to the next.
  const { origin: worker, port } = await runtime.ready;

  const standIn = {
    /** The API's address. */
    base: "",
    /** Where the Worker runs that was deployed last. */
    worker,
    databases: [] as Database[],
    scripts: new Map<string, Script>(),
    subdomain: "acme" as string | undefined,
    accounts: [{ id: account, name: "Acme" }],
    /** Every request, without the account. */
    asked: [] as string[],
    /** Answers in Cloudflare's place, if it likes. */
    intercept: (_asked: string, _response: ServerResponse): boolean => false,
    /** Whether the answer is lost on its way, though all was done. */
    loses: (_asked: string, _body: string): boolean => false,
    /** What else the Worker that runs is given. */
    variables: {} as Record<string, string>,
    engineOf,
    restart: startWorker,
    close,
  };

  async function engineOf(id: string) {
    const number = spare.indexOf(id);
    return runtime.getD1Database(`SPARE_${number}`);
  }

  async function runSql(id: string, sent: Statement | { batch: Statement[] }) {
    const engine = await engineOf(id);
    const given = "batch" in sent ? sent.batch : [sent];
    const statements = given.flatMap(({ sql, params = [] }) =>
      unstable_splitSqlQuery(sql).map((each) => engine.prepare(each).bind(...params)),
    );
    try {
      return await engine.batch<Record<string, unknown>>(statements);
    } catch (error) {
      throw new Refused(400, 7500, String(error).replace(/^Error: D1_ERROR: /, ""));
    }
  }

  let uploaded = Buffer.alloc(0);

  /** A file of SQL is asked for, taken, and run as a whole. */
  async function importFile(id: string, { action }: { action: string }) {
    if (action === "init") return { upload_url: `${standIn.base}/upload`, filename: "file.sql" };
    const { length } = await runSql(id, { sql: String(uploaded) });
    const meta = { duration: 1, rows_read: 0, rows_written: 0, size_after: 0 };
    return {
      success: true,
      status: "complete",
      messages: [],
      result: { num_queries: length, final_bookmark: "bookmark", meta },
    };
  }

  async function deploy(name: string, body: Buffer, contentType: string) {
    const form = await new Response(new Uint8Array(body), { headers: { "Content-Type": contentType } }).formData();
    const metadata = JSON.parse(String(form.get("metadata")));
    const file = form.get(metadata.main_module);
    if (!(file instanceof File)) throw new Refused(400, 10021, "there is no main module");
    const before = standIn.scripts.get(name)?.bindings ?? [];
    const bindings: Binding[] = metadata.bindings.map((binding: Binding) => {
      if (binding.type !== "inherit") return binding;
      const inherited = before.find((each) => each.name === binding.name);
      if (!inherited) throw new Refused(400, 10057, `there is no binding ${binding.name} to inherit`);
      return inherited;
    });
    const kept = before.filter(
      ({ type, name }) => type === "secret_text" && !bindings.some((binding) => binding.name === name),
    );
    standIn.scripts.set(name, { code: await file.text(), bindings: [...bindings, ...kept] });
    await startWorker(name);
  }

  async function startWorker(name: string) {
    const { code = "", bindings = [] } = standIn.scripts.get(name) ?? {};
    const texts = bindings.flatMap(({ name, text }) => (text === undefined ? [] : [[name, text]]));
    const database = bindings.find(({ type }) => type === "d1");
    await runtime.setOptions(
      convertV4MiniflareOptions({
        ...base,
        port: Number(port),
        modules: true,
        script: code,
        compatibilityDate: "2026-10-01",
        bindings: { ...Object.fromEntries(texts), EDGE_CACHE: "off", ...standIn.variables },
        d1Databases: { ...base.d1Databases, ...(database?.id && { DB: database.id }) },
        durableObjects: { SYNC_RUNNER: { className: "SyncRunner", useSQLite: true } },
      }),
    );
    await runtime.ready;
  }

  const scriptOf = (name: string): Script => {
    const script = standIn.scripts.get(name);
    if (!script) throw new Refused(404, 10007, "This Worker does not exist on your account.");
    return script;
  };

  const databaseOf = (idOrName: string): Database => {
    const found = standIn.databases.find(({ uuid, name }) => [uuid, name].includes(idOrName));
    if (!found) throw new Refused(404, 7404, `The database ${idOrName} could not be found`);
    return found;
  };

  /** Below the account, but for the first ones: what is asked, and what is done and told. */
  const routes: [asked: RegExp, answer: (parts: string[], body: Buffer, type: string) => unknown][] = [
    [/^GET \/user\/tokens\/verify$/, () => ({ id: "t", status: "active" })],
    [/^GET \/user$/, () => ({ email: "admin@example.com" })],
    [/^GET \/accounts$/, () => standIn.accounts],
    [/^GET \/memberships$/, () => standIn.accounts.map((each) => ({ account: each }))],
    [/^GET \/workers\/services\/(.+)$/, ([name = ""]) => service(name)],
    [/^GET \/workers\/scripts\/([^/]+)\/secrets$/, ([name = ""]) => secretsOf(name)],
    [
      /^PUT \/workers\/scripts\/([^/]+)\/secrets$/,
      async ([name = ""], body) => {
        const script = scriptOf(name);
        const secret: Binding = JSON.parse(String(body));
        script.bindings = [...script.bindings.filter((each) => each.name !== secret.name), secret];
        await startWorker(name);
        return { name: secret.name, type: secret.type };
      },
    ],
    [/^GET \/workers\/scripts\/([^/]+)\/settings$/, ([name = ""]) => ({ bindings: scriptOf(name).bindings.map(bare) })],
    [/^GET \/workers\/scripts\/([^/]+)\/deployments$/, () => ({ deployments: [] })],
    [/^POST \/workers\/scripts\/([^/]+)\/assets-upload-session$/, () => ({ jwt: "jwt", buckets: [] })],
    [
      /^PUT \/workers\/scripts\/([^/]+)$/,
      async ([name = ""], body, type) => {
        await deploy(name, body, type);
        return { id: name, deployment_id: "22222222222242228222222222222222", startup_time_ms: 1 };
      },
    ],
    [/^DELETE \/workers\/scripts\/([^/]+)$/, ([name = ""]) => scriptOf(name) && standIn.scripts.delete(name)],
    [/^GET \/workers\/workers\/(.+)$/, () => ({ subdomain: { enabled: false, previews_enabled: false } })],
    [/^GET \/workers\/subdomain$/, () => ({ subdomain: subdomain() })],
    [/^(?:GET|POST) \/workers\/scripts\/([^/]+)\/subdomain$/, () => ({ enabled: true, previews_enabled: false })],
    [/^PUT \/workers\/scripts\/([^/]+)\/schedules$/, () => ({ schedules: [] })],
    [/^GET \/d1\/database$/, () => standIn.databases],
    [/^POST \/d1\/database$/, (_, body) => createDatabase(JSON.parse(String(body)).name)],
    [/^GET \/d1\/database\/([^/]+)$/, ([id = ""]) => databaseOf(id)],
    [
      /^DELETE \/d1\/database\/([^/]+)$/,
      ([id = ""]) => {
        standIn.databases = standIn.databases.filter((each) => each !== databaseOf(id));
        return null;
      },
    ],
    [
      /^POST \/d1\/database\/([^/]+)\/query$/,
      ([id = ""], body) => runSql(databaseOf(id).uuid, JSON.parse(String(body))),
    ],
    [
      /^POST \/d1\/database\/([^/]+)\/import$/,
      ([id = ""], body) => importFile(databaseOf(id).uuid, JSON.parse(String(body))),
    ],
    [
      /^POST \/d1\/database\/([^/]+)\/raw$/,
      async ([id = ""], body) => {
        const results = await runSql(databaseOf(id).uuid, JSON.parse(String(body)));
        return results.map(({ results: rows, ...others }) => ({
          ...others,
          results: { columns: Object.keys(rows[0] ?? {}), rows: rows.map((row) => Object.values(row)) },
        }));
      },
    ],
  ];

  const bare = ({ text, ...binding }: Binding) => (binding.type === "secret_text" ? binding : { ...binding, text });

  const secretsOf = (name: string) =>
    scriptOf(name)
      .bindings.filter(({ type }) => type === "secret_text")
      .map(({ name, type }) => ({ name, type }));

  function service(name: string) {
    if (!standIn.scripts.has(name)) throw new Refused(404, 10090, "This service does not exist on your account.");
    return { default_environment: { script: { tag: "tag", tags: [], last_deployed_from: "wrangler" } } };
  }

  function subdomain() {
    if (standIn.subdomain === undefined) throw new Refused(404, 10007, "You do not have a workers.dev subdomain.");
    return standIn.subdomain;
  }

  function createDatabase(name: string) {
    if (standIn.databases.some((each) => each.name === name)) {
      throw new Refused(400, 7502, "A database with that name already exists");
    }
    const uuid = spare.find((id) => !standIn.databases.some((each) => each.uuid === id));
    if (!uuid) throw new Refused(400, 7406, "There are too many databases.");
    standIn.databases.push({ uuid, name });
    return { uuid, name };
  }

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const { pathname } = new URL(request.url ?? "", "http://cloudflare");
    const asked = `${request.method} ${pathname.replace(`/accounts/${account}`, "")}`;
    const body = await buffer(request);
    standIn.asked.push(asked);
    if (asked === "PUT /upload") {
      uploaded = body;
      return response.writeHead(200, { ETag: createHash("md5").update(body).digest("hex") }).end();
    }
    if (standIn.intercept(asked, response)) return;
    try {
      if (request.headers.authorization !== `Bearer ${cloudflareToken}`) {
        throw new Refused(403, 10000, "Authentication error");
      }
      for (const [pattern, act] of routes) {
        const match = pattern.exec(asked);
        if (!match) continue;
        const result = await act(match.slice(1), body, request.headers["content-type"] ?? "");
        if (standIn.loses(asked, String(body))) return response.destroy();
        return sendJson(response, { success: true, errors: [], messages: [], result, result_info: pages });
      }
      throw new Refused(404, 7003, `there is no ${asked}`);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const { status, code, message } = error;
      sendJson(response, { success: false, errors: [{ code, message }], messages: [], result: null }, status);
    }
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      console.error("the stand-in failed:", error);
      response.destroy();
    });
  });

  async function close() {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await runtime.dispose();
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  standIn.base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return standIn;
}
