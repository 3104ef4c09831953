import { openLibsql } from "../../src/db/libsql.ts";
import type { ReadKey } from "../../src/gateway/app.ts";
import { createGateway } from "../../src/gateway/gateway.ts";
import { readSettings } from "../../src/settings.ts";
import { cacheTags, readStore, type StoreOptions } from "../../src/store/routes.ts";
import { readServed, serveStore } from "../../src/store/serve.ts";
import { syncJob } from "../../src/sync/job.ts";
import { readList } from "../../src/sync/list.ts";
import { replaceSources } from "../../src/sync/write.ts";
import { createAuthentik, syncToken } from "./authentik.ts";
import { createDataCentre, type DataCentre, type KeptCache } from "./data-centre.ts";
import { createJudge, type Reply } from "./judge.ts";
import { everything, publicUrl, type Question, questions } from "./questions.ts";
import { createStore, type Engine } from "./store.ts";
import { createWorkersCache } from "./workers-cache.ts";
import type { Actor, World } from "./world.ts";

/** Two data centres over the Cache API, one of them with two isolates, and a place behind Workers Cache. */
const isolateNames = ["A1", "A2", "B1", "W1", "W2"];

interface Asked {
  /** By their numbers. */
  isolate: number;
  question: number;
  token: string;
  /** With `If-None-Match`, where a reader has an answer. */
  isConditional: boolean;
}

const databaseUrl = "http://localhost:8080";
const settingsOf = (edgeCache: "cache-api" | "platform") =>
  readSettings({ AUTHENTIK_URL: publicUrl, EDGE_CACHE: edgeCache, LOG_HITS: "0", AUTHENTIK_TOKEN: syncToken });

/** What is real in one runtime and stands in for it in another. */
export interface Parts {
  /** Ends when all that is under way within the process has gone on. */
  othersTurn: () => Promise<unknown>;
  engine: Engine;
  /** The Cache API of a data centre, with nothing in it. */
  openCache: (centre: string) => KeptCache;
}

export type Replica = ReturnType<typeof createReplica>;

/** The whole of it: authentik, the store, the syncs between them, and gateways that answer readers. */
export function createReplica(world: World, { engine, openCache }: Omit<Parts, "othersTurn">) {
  const store = createStore(world, engine);
  const authentik = createAuthentik(world);
  const centres: [DataCentre, DataCentre] = [
    createDataCentre(world, openCache("A")),
    createDataCentre(world, openCache("B")),
  ];
  const workersCache = createWorkersCache(world, "W");
  const keys = () => [...centres[0].keys(), ...centres[1].keys(), ...workersCache.keys()];
  const judge = createJudge(world, store, authentik, keys);
  const cachesOf: Record<string, { canServe: (key: string) => boolean }> = {
    A: centres[0],
    B: centres[1],
    W: workersCache,
  };
  const lives = new Map<string, { gateway: ReturnType<typeof createGateway>; isDead: boolean }>();
  /** ETags that readers have, by question. */
  const etags = new Map<Question, { etag: string; body: string }>();

  const databaseOf = (reader: string) => () =>
    openLibsql({ url: databaseUrl, fetch: store.fetchFor(reader), timeout: world.timeout });

  function startIsolate(name: string) {
    const isPlatform = name.startsWith("W");
    const settings = settingsOf(isPlatform ? "platform" : "cache-api");
    const options: StoreOptions = {
      database: databaseOf(isPlatform ? "W" : name),
      freshness: settings.freshness,
      tokenGraceSeconds: settings.tokenGraceSeconds,
      now: world.now,
    };
    const direct: ReadKey = (key) => readStore(key, options);
    const throughPlatform: ReadKey = async (key) =>
      readServed(await workersCache.fetch(new Request(key), (request) => serveStore(request, options)));
    const read = isPlatform ? throughPlatform : direct;
    const gateway = createGateway({
      settings,
      read,
      store: "libsql",
      limits: {},
      requestSync: undefined,
      now: world.now,
    });
    const life = { gateway, isDead: false };
    lives.set(name, life);
    judge.forget(name);
    return life;
  }

  const lifeOf = (name: string) => lives.get(name) ?? startIsolate(name);

  /** Ends as the runtime ends it: when the client is gone or has its answer, and nothing is kept alive any more. */
  function createContext(life: { isDead: boolean }) {
    const state = { isClosed: false, kept: 0 };
    return {
      state,
      isOver: () => life.isDead || (state.isClosed && state.kept === 0),
      context: {
        waitUntil(work: Promise<unknown>) {
          state.kept++;
          work.catch(() => undefined).finally(() => state.kept--);
        },
        passThroughOnException: () => {},
        props: {},
      },
    };
  }

  /** A reader asks, and may go away before there is an answer. */
  function ask({ isolate, token, question: number, isConditional }: Asked) {
    const name = isolateNames[isolate] ?? "A1";
    const question = questions[number] ?? everything;
    const life = lifeOf(name);
    const { state, isOver, context } = createContext(life);
    const actor: Actor = { name, place: name.slice(0, 1), isOver };
    const known = isConditional ? etags.get(question) : undefined;
    const headers = { Authorization: `Bearer ${token}`, ...(known && { "If-None-Match": known.etag }) };
    const request = new Request(`https://edge.example${question.path}`, { headers });
    const canAnswer = () => question.key !== undefined && (cachesOf[name.slice(0, 1)]?.canServe(question.key) ?? false);
    const open = judge.begin({ isolate: name, token, question, actor, canAnswer, known });
    world
      .as(actor, async () => {
        world.log(`${token} asks ${question.path}${known ? " if changed" : ""}`);
        const response = await life.gateway.fetch(
          request as Parameters<typeof life.gateway.fetch>[0],
          {},
          context as unknown as ExecutionContext,
        );
        const body = await response.text();
        if (state.isClosed || life.isDead) return;
        state.isClosed = true;
        const reply: Reply = { status: response.status, headers: response.headers, body };
        world.log(
          `${token} gets ${reply.status} ${question.path} ${reply.headers.get("Cache-Status")?.slice(24) ?? ""}`,
        );
        if (reply.status === 200) etags.set(question, { etag: reply.headers.get("ETag") ?? "", body });
        open.end(reply);
      })
      .catch(judge.fail);
    return () => {
      if (state.isClosed) return;
      state.isClosed = true;
      world.log("the client goes away", name);
      open.leave();
    };
  }

  let syncs = 0;
  function startWriter(what: string, work: () => Promise<string>) {
    const actor: Actor = { name: `sync ${(syncs++ % 2) + 1}`, isOver: () => false };
    world
      .as(actor, async () => {
        world.log(`${what} begins`);
        world.log(`${what}: ${await work()}`);
      })
      .catch(judge.fail);
  }

  const writable = () =>
    openLibsql({ url: databaseUrl, fetch: store.fetchFor(), timeout: world.timeout, isWritable: true });

  const sync = () =>
    startWriter("a sync", async () => {
      const end = judge.beginSync();
      const isGood = await syncJob({
        database: writable,
        sync: { upstream: publicUrl, token: syncToken, allowRemovals: false },
        issuers: [],
        trigger: "cron",
        invalidate: async () => world.leave("the invalidation", () => workersCache.invalidate(cacheTags.all)),
      });
      end(isGood);
      return isGood ? "good" : "failed";
    });

  const importSources = () =>
    startWriter("an import", async () => {
      const rows = authentik.rows();
      judge.offer(rows);
      try {
        await replaceSources(writable(), readList(rows), { now: world.now() });
        return "good";
      } catch {
        return "failed";
      }
    });

  return {
    world,
    store,
    authentik,
    judge,
    centres,
    ask,
    sync,
    importSources,
    setBack(ms: number) {
      world.setBack(ms);
      judge.setBack(ms);
    },
    /** The store comes back as it was when it was backed up: what was written since is as if it never was. */
    restore() {
      judge.forgetWrites();
      return store.restore();
    },
    kill(isolate: number) {
      const name = isolateNames[isolate] ?? "A1";
      lifeOf(name).isDead = true;
      startIsolate(name);
      judge.drop(name);
    },
    platform: {
      fetch: authentik.fetch,
      caches: {
        open: async () => (world.actor()?.place === "B" ? centres[1] : centres[0]).cache,
      },
    },
  };
}
