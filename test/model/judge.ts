import { createHash } from "node:crypto";
import { type createAuthentik, essenceOf, essenceOfDocuments, type Source, upstreamSecret } from "./authentik.ts";
import { possibleKeys, type Question } from "./questions.ts";
import type { State, Store } from "./store.ts";
import type { Actor, World } from "./world.ts";

export interface Reply {
  status: number;
  headers: Headers;
  body: string;
}

export interface Asking {
  isolate: string;
  token: string;
  question: Question;
  actor: Actor;
  /** Whether a cache that the isolate has could answer for as long as a request may take. */
  canAnswer: () => boolean;
  /** What the reader has, and has said so. */
  known: { etag: string; body: string } | undefined;
}

interface Open extends Asking {
  startedAt: number;
  /** The earliest that the clock has shown since, which may be set back. */
  earliest: number;
  /** Whether token and page were known to be at hand when it began. */
  couldAnswer: boolean;
}

/** A promise of docs/promises.md that was broken. */
export class Broken extends Error {
  override name = "Broken";
}

const seconds = 1_000;
// The figures are those of docs/promises.md, and not the code's own: a code that changes them breaks a promise.
/** P1 and P7. */
const boundMs = 60 * seconds;
/** P2: of a page with sources on it, and of an empty one. The time for which it is fresh comes on top. */
const staleMs = (30 + 86_400) * seconds;
const emptyStaleMs = (5 + 3_600) * seconds;
/** P9, and the time for which a verdict is fresh. */
const graceSeconds = 3_600;
const graceMs = (55 + graceSeconds) * seconds;
/** How long an isolate's memory keeps a page, and a load may take. */
const memoryAndLoadMs = (3 + 4) * seconds;
const breakerMs = 5 * seconds;
/** A load that hangs ends then, for whoever waits for it. */
const longestLoadMs = 10 * seconds;
/** How long a request may take in all: a look-up of its token, and a load, each behind another's that hangs. */
const longestRequestMs = 2 * (longestLoadMs + 4 * seconds);

const digestOf = (text: string) => createHash("sha256").update(text).digest("hex");

const shownNames = (body: string) => body.match(/"name":"[A-Z] \d+"/g)?.join() ?? body;

/** Knows what was true when, and holds every reply and every write against the promises. */
export function createJudge(
  world: World,
  store: Store,
  authentik: ReturnType<typeof createAuthentik>,
  keys: () => Iterable<string>,
) {
  const broken: Broken[] = [];
  const open = new Set<Open>();
  const setBacks: { at: number; ms: number }[] = [];
  /** Since when the store has held what refused a token in an isolate, and when a client was told. */
  const refusals = new Map<string, { from: number; toldAt: number }>();
  /** Lists that writers were given besides authentik's. */
  const offered = new Set<string>();
  /** When Workers Cache was told last of a change, and who has asked behind it since, some seconds apart. */
  const told = { at: 0, asked: new Map<Question, number[]>() };
  let judgedStates = 0;
  let lastSynced = 0;

  function expect(isKept: boolean, promise: string, why: () => string): void {
    if (isKept) return;
    broken.push(new Broken(`${promise}: ${why()}`));
    world.log(`BROKEN ${promise}: ${why()}`, "judge");
  }

  /** What clocks that were set back add to the age of what was stored since then. */
  const slackSince = (at: number) => setBacks.filter((each) => each.at >= at).reduce((sum, { ms }) => sum + ms, 0);

  /** For how long a state is over; while the store was down nobody could know better. */
  function lagOf(state: State, isUp = store.isUp()): number {
    const since = Math.max(state.to, isUp ? store.look.upSince : 0);
    return state.to === Number.POSITIVE_INFINITY ? 0 : world.at() - since - slackSince(state.from);
  }

  const isWithin = (state: State, upMs: number, downMs: number) => lagOf(state) <= (store.isUp() ? upMs : downMs);

  function judgeToken({ token, isolate, earliest, startedAt }: Open, reply: Reply): void {
    const digest = digestOf(token);
    const rowIn = (state: State) => state.tokens.get(digest);
    const possible = store.states.filter((state) => isWithin(state, boundMs, graceMs));
    const isGood = (state: State) => {
      const row = rowIn(state);
      return row?.mayView === true && !row.isRevoked && (row.expiresAt === null || row.expiresAt > earliest);
    };
    const key = `${isolate} ${token}`;
    const lookUps = store
      .askedBy(readerOf(isolate))
      .filter(({ statement, isAnswered }) => isAnswered && statement.includes(digest));
    if (reply.status === 403) {
      const bad = lookUps.filter(({ from, to }) =>
        store.states.some((s) => s.from <= to && s.to >= from && !isGood(s)),
      );
      const last = bad.at(-1);
      if (last) refusals.set(key, { from: last.from, toldAt: world.at() });
      expect(
        possible.some((state) => !isGood(state)),
        "P9",
        () => `${token} is refused, and was good all the time`,
      );
      return;
    }
    if (reply.status >= 500) return;
    const row = possible.map(rowIn).find((each) => each);
    const isExpired = row !== undefined && row.expiresAt !== null && row.expiresAt <= earliest;
    expect(possible.some(isGood), isExpired ? "P8" : "P7", () => `${token} gets ${reply.status}, and is not good`);
    const refusal = refusals.get(key);
    // A request that was under way by then may have been let in before.
    if (refusal && startedAt > refusal.toldAt) {
      const again = lookUps.some(
        ({ from, to }) => to >= refusal.from && store.states.some((s) => s.from <= to && s.to >= from && isGood(s)),
      );
      expect(again, "P9", () => `${token} is in again, and was seen refused`);
    }
  }

  function judgeBody({ question, known }: Asking, { status, headers, body }: Reply): void {
    const given =
      status === 304 ? { status: 200, body: known?.body } : { status, body: status === 200 ? body : undefined };
    const isSame = (state: State) => {
      const answer = question.answer(state);
      const isDated = answer.lastModified === undefined || answer.lastModified === headers.get("Last-Modified");
      return answer.status === given.status && answer.body === given.body && (isDated || status === 304);
    };
    const same = store.states.filter(isSame);
    const last = same.at(-1);
    expect(
      last !== undefined,
      "P3",
      () => `${question.path} is answered as the store never would: ${status} ${shownNames(body)}`,
    );
    if (!last) return;
    const lag = lagOf(last);
    const isEmpty = question.answer(last).isEmpty === true;
    const most = store.isUp() ? boundMs : isEmpty ? emptyStaleMs : staleMs;
    expect(lag <= most, store.isUp() ? "P1" : "P2", () => `${question.path} is ${Math.round(lag / seconds)} s too old`);
    const isMarked = headers.get("Cache-Status")?.includes("detail=stale-if-error") ?? false;
    expect(lagOf(last, false) <= boundMs || isMarked, "P2", () => `${question.path} is old, and not marked as stale`);
    if (given.status !== 200) return;
    const etag = headers.get("ETag");
    expect(etag === `"${digestOf(given.body ?? "")}"`, "P3", () => `${question.path} has the ETag of another body`);
    expect(!body.includes(upstreamSecret), "P16", () => `${question.path} has a secret`);
  }

  function judgeReply(asking: Open, reply: Reply): void {
    const { question, startedAt } = asking;
    judgeToken(asking, reply);
    const wasUp = store.isUp() && store.look.upSince + longestLoadMs + 4 * seconds < startedAt;
    const isRight = reply.status < 500 || (reply.status === 503 && !wasUp);
    expect(isRight, "P5", () => `${question.path} is a ${reply.status} while the store is up`);
    if ([200, 304, 404].includes(reply.status)) judgeBody(asking, reply);
    judgeCalm(asking, reply);
    judgeTold(asking, reply);
  }

  const readerOf = (isolate: string) => (isolate.startsWith("W") ? "W" : isolate);
  const bornAt = new Map<string, number>();

  /** Whether an isolate was told within the grace that a token is good, and is still new enough to know. */
  function knowsAsGood({ isolate, token }: Asking): boolean {
    const digest = digestOf(token);
    const since = Math.max(bornAt.get(isolate) ?? 0, world.at() - graceSeconds * seconds);
    const isGood = ({ tokens }: State) => {
      const row = tokens.get(digest);
      return row !== undefined && !row.isRevoked && row.mayView && (row.expiresAt ?? Infinity) > world.now();
    };
    const wasTold = store
      .askedBy(readerOf(isolate))
      .some(
        ({ statement, isAnswered, from, to }) =>
          isAnswered && from > since && to <= world.at() && statement.includes(digest),
      );
    return wasTold && store.states.filter(({ to }) => to >= since).every(isGood);
  }

  /** Behind Workers Cache a page is old once or twice after a change that it was told of, and then new. */
  function judgeTold({ question, isolate, startedAt }: Open, reply: Reply): void {
    const isJudged = isolate.startsWith("W") && store.isUp() && store.look.upSince < told.at && startedAt > told.at;
    if (!isJudged || reply.status !== 200) return;
    const times = told.asked.get(question) ?? [];
    const last = times.at(-1) ?? Number.NEGATIVE_INFINITY;
    if (startedAt - last < memoryAndLoadMs) return;
    const isNew = store.states.some(
      ({ to, ...state }) => to >= told.at && question.answer({ to, ...state }).body === reply.body,
    );
    expect(times.length < 2 || isNew, "P13", () => `${question.path} is still what it was before the cache was told`);
    told.asked.set(question, [...times, world.at()]);
  }

  /** What readers need not notice of a bad store, and a bad store of readers. */
  function judgeCalm(asking: Open, reply: Reply): void {
    const { question, isolate, actor, startedAt, couldAnswer } = asking;
    const isQuiet = slackSince(startedAt - boundMs) === 0;
    if (reply.status === 503 && couldAnswer && asking.canAnswer() && isQuiet) {
      expect(false, "P2", () => `${question.path} is a 503, and its cache has it`);
    }
    const all = store.askedBy(readerOf(isolate));
    const own = all.filter((each) => each.by === actor);
    const status = reply.headers.get("Cache-Status") ?? "";
    const isWarm = / hit; ttl=\d/.test(status) && !status.includes("stale");
    const loads = own.filter(({ statement }) => !statement.includes("api_tokens"));
    expect(!isWarm || loads.length === 0, "P10", () => `${question.path} is a hit, and the store was asked for it`);
    // Workers Cache has no breaker, and an isolate that has died knows of no failure.
    if (!status.includes(" hit") || !isQuiet || isolate.startsWith("W")) return;
    const born = bornAt.get(isolate) ?? 0;
    for (const load of loads) {
      const failed = all.find(
        (each) =>
          each.by !== actor &&
          each.statement === load.statement &&
          !each.isAnswered &&
          each.to <= load.from &&
          each.to > born &&
          load.from - each.to < breakerMs,
      );
      expect(
        !failed,
        "P10",
        () => `${question.path} was loaded again ${load.from - (failed?.to ?? 0)} ms after a failure`,
      );
    }
  }

  /** One load at a time for each reader and page: of those that still wait. */
  function judgeLoads(reader: string): void {
    const loads = store.askedBy(reader).filter(({ to, by }) => to === Number.POSITIVE_INFINITY && !by?.isOver());
    const statements = loads.map(({ statement }) => statement);
    expect(new Set(statements).size === statements.length, "P10", () => `${reader} loads one thing twice at once`);
  }

  /** A state that a writer has made. */
  function judgeState(state: State, before: State | undefined): void {
    const essence = essenceOfDocuments(state.documents);
    expect(!state.documents.join().includes(upstreamSecret), "P16", () => "a secret is stored");
    if (!before || essence === essenceOfDocuments(before.documents)) return;
    expect(state.documents.length > 0, "P15", () => "all sources are gone from the store");
    const version = authentik.versions.get(essence);
    expect(
      version !== undefined || offered.has(essence),
      "P12",
      () => `the store holds what no writer was given: ${essence}`,
    );
    if (offered.has(essence)) lastSynced = 0;
    else if (version !== undefined) {
      expect(version >= lastSynced, "P12", () => `version ${version} of the list has replaced version ${lastSynced}`);
      lastSynced = version;
    }
  }

  function judgeStates(): void {
    for (; judgedStates < store.states.length; judgedStates++) {
      const state = store.states[judgedStates];
      if (state) judgeState(state, store.states[judgedStates - 1]);
    }
  }

  return {
    /** Takes what nothing may throw. */
    fail: (error: Error) => expect(false, "P5", () => error.stack ?? String(error)),
    begin(asking: Asking) {
      const couldAnswer = asking.canAnswer() && knowsAsGood(asking);
      const own = { ...asking, startedAt: world.at(), earliest: world.now(), couldAnswer };
      open.add(own);
      return {
        end(reply: Reply) {
          open.delete(own);
          judgeReply(own, reply);
        },
        leave: () => open.delete(own),
      };
    },
    beginSync() {
      const version = authentik.version();
      return (isGood: boolean) => {
        if (!isGood) return;
        judgeStates();
        const now = essenceOfDocuments(store.states.at(-1)?.documents ?? []);
        const isAsRead = (authentik.versions.get(now) ?? 0) >= version || offered.size > 0;
        expect(isAsRead, "P13", () => "a good sync has left the store older than authentik was when it began");
        Object.assign(told, { at: world.at(), asked: new Map() });
        // Whoever has read before may not write any more.
        if (offered.size === 0) lastSynced = Math.max(lastSynced, version);
      };
    },
    offer: (rows: Source[]) => offered.add(essenceOf(rows)),
    /** A store that comes back older: what was written since is as if it never was. */
    forgetWrites() {
      for (const { documents } of store.states) offered.add(essenceOfDocuments(documents));
    },
    setBack(ms: number) {
      setBacks.push({ at: world.at(), ms });
      for (const own of open) own.earliest = Math.min(own.earliest, world.now());
    },
    /** An isolate that is new knows nothing. */
    forget(isolate: string) {
      bornAt.set(isolate, world.at());
      for (const key of refusals.keys()) if (key.startsWith(`${isolate} `)) refusals.delete(key);
    },
    drop(isolate: string) {
      for (const own of open) if (own.isolate === isolate) open.delete(own);
    },
    /** Judges what can be seen at any time. */
    look() {
      judgeStates();
      for (const key of keys()) expect(possibleKeys.has(key), "P5", () => `a cache has an entry of its own for ${key}`);
      for (const reader of ["A1", "A2", "B1", "W"]) judgeLoads(reader);
      for (const { startedAt, question } of open) {
        const waits = world.at() - startedAt;
        expect(waits <= longestRequestMs, "P10", () => `${question.path} is not answered after ${waits / seconds} s`);
      }
      const [first] = broken;
      if (first) throw first;
    },
  };
}
