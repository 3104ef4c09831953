import { execFileSync, spawn } from "node:child_process";
import { chownSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import type { Peer } from "./measure.ts";
import { atEnd, childOf, cores, freePort, pin } from "./process.ts";
import { token } from "./scenarios.ts";

export interface Django extends Peer {
  stop: () => void;
}

const packages =
  "python3-django python3-djangorestframework python3-django-filters python3-psycopg2 gunicorn postgresql";
/** Debian's: another on the path lacks its packages. */
const python = "/usr/bin/python3";
const app = fileURLToPath(new URL("./django/", import.meta.url).href);
const headers = { Authorization: `Bearer ${token}` };
const waitMs = 20_000;

/** The folder of PostgreSQL's programs; undefined where something that the peer needs is not installed. */
function postgresBin(): string | undefined {
  try {
    execFileSync(python, ["-c", "import django, rest_framework, django_filters, psycopg2, gunicorn"], {
      stdio: "ignore",
    });
    const [version] = readdirSync("/usr/lib/postgresql");
    return version && `/usr/lib/postgresql/${version}/bin`;
  } catch {
    return undefined;
  }
}

/** PostgreSQL refuses to run as root: then it runs as the user that its package brings. */
function postgresUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (option: string) => Number(execFileSync("id", [option, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

async function until(isReady: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + waitMs;
  while (!(await isReady().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`${what} did not start within ${waitMs} ms`);
    await setTimeout(100);
  }
}

async function json(url: string): Promise<unknown> {
  const response = await fetch(url, { headers });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

async function everySource(edge: string): Promise<unknown[]> {
  const sources: unknown[] = [];
  for (let page = 1; page > 0; ) {
    const answer = await json(`${edge}/sources/oauth/?page_size=1000&page=${page}`);
    const { pagination, results } = answer as { pagination: { next: number }; results: unknown[] };
    sources.push(...results);
    page = pagination.next;
  }
  return sources;
}

/**
 * Starts the peer with the sources that the edge has: PostgreSQL with a new database on the core of the stores, gunicorn with
 * one worker on the runtime's.
 * @param edge the origin of a Worker whose store is full
 * @returns undefined, with a word to the reader, where the machine lacks its packages
 * @throws Error where its answer is not the edge's
 */
export async function startDjango(edge: string): Promise<Django | undefined> {
  const bin = postgresBin();
  if (!bin) {
    console.error(`Django is not measured: it needs Debian's packages. apt-get install ${packages}`);
    return undefined;
  }
  const user = postgresUser();
  const folder = mkdtempSync(join(tmpdir(), "authentik-sources-edge-django-"));
  if (user) chownSync(folder, user.uid, user.gid);
  const data = join(folder, "data");
  execFileSync(`${bin}/initdb`, ["-D", data, "-U", "postgres", "-A", "trust"], { ...user, stdio: "ignore" });
  const socketOnly = ["-c", `unix_socket_directories=${folder}`, "-c", "listen_addresses="];
  const postgres = spawn(`${bin}/postgres`, ["-D", data, ...socketOnly], { ...user, stdio: "ignore" });
  const children = [postgres];
  /** PostgreSQL need not save what is thrown away: SIGQUIT ends it at once. */
  const stop = () => {
    for (const child of children) child.kill("SIGQUIT");
  };
  atEnd(() => {
    stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });

  try {
    const sources = join(folder, "sources.json");
    const types = join(folder, "types.json");
    writeFileSync(sources, JSON.stringify(await everySource(edge)));
    writeFileSync(types, JSON.stringify(await json(`${edge}/sources/oauth/source_types/`)));
    const env = { ...process.env, PGHOST: folder, SOURCE_TYPES: types, PYTHONDONTWRITEBYTECODE: "1" };
    await until(async () => {
      execFileSync(`${bin}/pg_isready`, { env, stdio: "ignore" });
      return true;
    }, "PostgreSQL");
    execFileSync(python, [join(app, "app.py"), "load", sources, token], {
      env,
      stdio: ["ignore", "ignore", "inherit"],
    });

    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    // Threads keep connections open, which gunicorn's default worker does not: the faster of the two.
    const options = ["--bind", `127.0.0.1:${port}`, "--workers", "1", "--worker-class", "gthread", "--threads", "1"];
    const gunicorn = spawn(
      python,
      ["-m", "gunicorn", "--chdir", app, ...options, "--keep-alive", "60", "app:application"],
      {
        env,
        stdio: "ignore",
      },
    );
    children.push(gunicorn);
    const page = "/sources/oauth/?page_size=12&page=2";
    await until(async () => (await fetch(origin + page, { headers })).ok, "gunicorn");
    if (!isDeepStrictEqual(await json(origin + page), await json(edge + page))) {
      throw new Error(`Django's answer to ${page} is not the edge's: what they do cannot be compared`);
    }
    const [{ pid: database = 0 }, { pid: master = 0 }] = [postgres, gunicorn];
    // Gunicorn's and its worker's, not PostgreSQL's.
    const processes = [master, childOf(master)];
    for (const each of processes) pin(each, cores.runtime);
    pin(database, cores.others);
    return { origin, processes, stop };
  } catch (error) {
    stop();
    throw error;
  }
}
