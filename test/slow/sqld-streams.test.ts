import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { startLibsqlServer } from "../../tools/libsql-server/server.ts";
import {
  type Answer,
  ask,
  close,
  execute,
  executeStored,
  outcomesOf,
  type PipelineRequest,
} from "../support/pipelines.ts";
import { temporaryFolder } from "../support/run.ts";
import { sqldPath, startSqld } from "../support/sqld.ts";
import { createAuth } from "../support/sqld-auth.ts";

/** Asks a server, on a stream that is known by a name here, or with a baton whatever it is. */
type Say = (stream: string | { baton: string | undefined }, ...requests: PipelineRequest[]) => Promise<Answer>;

/** Plays the same on both servers at once, and gives what they have answered: one list, since it must be the same. */
async function play(scenario: (say: Say) => Promise<Answer[]>): Promise<ReturnType<typeof outcomesOf>[]> {
  const own = await startLibsqlServer({ file: join(temporaryFolder(), "own.db") });
  const real = sqldPath ? await startSqld() : undefined;
  const answersOf = async ({ url }: { url: string }) => {
    const batons = new Map<string, string>();
    await ask(url, [execute("CREATE TABLE t (a)"), close]);
    const answers = await scenario(async (stream, ...requests) => {
      const isNamed = typeof stream === "string";
      const answer = await ask(url, requests, isNamed ? batons.get(stream) : stream.baton);
      if (isNamed && answer.baton) batons.set(stream, answer.baton);
      return answer;
    });
    return answers.map(({ baton, ...answer }) => answer);
  };
  const playing = Promise.all([answersOf(own), real ? answersOf(real) : undefined]);
  const [ofOwn, ofReal] = await playing.finally(() => Promise.all([own.close(), real?.close()]));
  if (ofReal) expect(ofOwn).toEqual(ofReal);
  return ofOwn.map(outcomesOf);
}

const begin = execute("BEGIN IMMEDIATE");
const commit = execute("COMMIT");
const insert = (value: number) => execute(`INSERT INTO t VALUES (${value})`);
const read = execute("SELECT a FROM t");

// At the same time, since most of it is waiting: a server's limits are seconds.
describe.concurrent(`the streams of the embedded server${sqldPath ? " and of sqld" : ""}`, () => {
  it("wait for each other to write, and for nobody to read", async () => {
    const outcomes = await play(async (say) => {
      const held = await say("holder", begin, insert(1));
      const waiting = say("waiter", insert(2), close);
      const reading = await say("reader", read, close);
      return [held, reading, await say("holder", commit, close), await waiting, await say("reader 2", read, close)];
    });
    expect(outcomes).toEqual(Array(5).fill(["ok", "ok"]));
  });

  it("wait in the middle of a transaction too, of which nothing is lost", async () => {
    const outcomes = await play(async (say) => {
      const held = await say("holder", begin, insert(1));
      const waiting = say("waiter", execute("BEGIN"), insert(2), commit, close);
      await say("reader", read, close);
      return [held, await say("holder", commit, close), await waiting, await say("reader", read, close)];
    });
    expect(outcomes).toEqual([
      ["ok", "ok"],
      ["ok", "ok"],
      ["ok", "ok", "ok", "ok"],
      ["ok", "ok"],
    ]);
  });

  it("wait, but in vain, where they have read before", async () => {
    const outcomes = await play(async (say) => {
      await say("waiter", execute("BEGIN"), read);
      const held = await say("holder", begin, insert(1));
      const waiting = say("waiter", insert(2), execute("ROLLBACK"), close);
      await say("reader", read, close);
      return [held, await say("holder", commit, close), await waiting, await say("reader", read, close)];
    });
    expect(outcomes).toEqual([
      ["ok", "ok"],
      ["ok", "ok"],
      ["SQLITE_BUSY", "ok", "ok"],
      ["ok", "ok"],
    ]);
  });

  it("lose a transaction that keeps another from writing for 5 s, and go on without it", async () => {
    const outcomes = await play(async (say) => {
      await say("holder", begin, insert(1));
      const waited = await say("waiter", insert(2), close);
      const held = await say("holder", insert(3), insert(4), commit, close);
      return [waited, held, await say("reader", read, close)];
    });
    expect(outcomes).toEqual([
      ["ok", "ok"],
      ["TRANSACTION_TIMEOUT", "ok", "SQLITE_UNKNOWN", "ok"],
      ["ok", "ok"],
    ]);
  });

  it("lose it with all steps of the next batch", async () => {
    const outcomes = await play(async (say) => {
      await say("holder", begin, insert(1));
      const waited = await say("waiter", insert(2), close);
      const steps = [3, 4].map((value) => ({ stmt: { sql: `INSERT INTO t VALUES (${value})` } }));
      return [waited, await say("holder", { type: "batch", batch: { steps } }, read, close)];
    });
    expect(outcomes).toEqual([
      ["ok", "ok"],
      ["ok", "ok", "ok"],
    ]);
  });

  it("keep a transaction for longer than that while nobody waits", async () => {
    const outcomes = await play(async (say) => {
      await say("holder", begin, insert(1));
      await sleep(6_000);
      return [await say("holder", insert(2), commit, close), await say("reader", read, close)];
    });
    expect(outcomes).toEqual([
      ["ok", "ok", "ok"],
      ["ok", "ok"],
    ]);
  });

  it("cannot write once they have read what another has changed since, and learn so at once", async () => {
    const waits: number[] = [];
    const outcomes = await play(async (say) => {
      await say("old", execute("BEGIN"), read);
      const changed = await say("new", insert(1), close);
      const begun = Date.now();
      const refused = await say("old", insert(2), execute("ROLLBACK"), close);
      waits.push(Date.now() - begun);
      return [changed, refused];
    });
    expect(outcomes).toEqual([
      ["ok", "ok"],
      ["SQLITE_BUSY", "ok", "ok"],
    ]);
    expect(Math.max(...waits)).toBeLessThan(4_000);
  });

  it("expire when they are left alone for 10 s, with what they have open", async () => {
    const answers: Answer[] = [];
    const outcomes = await play(async (say) => {
      await say("left", begin, insert(1));
      await sleep(12_500); // sqld looks once a second
      answers.push(await say("left", commit, close));
      return [...answers.slice(-1), await say("left", close), await say("reader", read, close)];
    });
    expect(outcomes).toEqual([400, 400, ["ok", "ok"]]);
    expect(answers[0]?.body).toMatchObject({ code: "STREAM_EXPIRED" });
  });

  it("know a baton once, and only their own", async () => {
    const outcomes = await play(async (say) => {
      const first = await say("a", read);
      const second = await say("a", read);
      const others = [first.baton, "abc", ""].map((baton) => say({ baton }, read));
      return [first, second, ...(await Promise.all(others)), await say("a", read, close)];
    });
    expect(outcomes).toEqual([["ok"], ["ok"], 400, 400, 400, ["ok", "ok"]]);
  });

  it("end with an error of the protocol, and what they have open is rolled back", async () => {
    const outcomes = await play(async (say) => {
      await say("a", begin, insert(1));
      const wrong = await say("a", executeStored(9));
      return [wrong, await say("a", commit), await say("b", insert(2), read, close)];
    });
    expect(outcomes).toEqual([400, 400, ["ok", "ok", "ok"]]);
  });
});

describe("the token of the embedded server", () => {
  it("is asked for, by scheme and value, and only at the endpoint", async () => {
    const own = await startLibsqlServer({ file: join(temporaryFolder(), "own.db"), authToken: "secret" });
    const auth = createAuth();
    const real = sqldPath ? await startSqld({ keyFile: auth.keyFile }) : undefined;
    const answersOf = async (url: string, token: string) => {
      const answers: (Answer | number)[] = [];
      for (const value of [
        undefined,
        "Bearer wrong",
        "Basic abc",
        "abc",
        token,
        `Bearer ${token}`,
        `bearer ${token}`,
      ]) {
        answers.push(await ask(url, [execute("SELECT 1"), close], undefined, value ? { Authorization: value } : {}));
      }
      for (const path of ["/", "/nope", "/v2", "/health"]) answers.push((await fetch(url + path)).status);
      answers.push((await fetch(`${url}/v2/pipeline`, { headers: { Authorization: `Bearer ${token}` } })).status);
      return answers;
    };
    const ofOwn = await answersOf(own.url, "secret");
    expect(ofOwn.map((answer) => (typeof answer === "number" ? answer : answer.status))).toEqual([
      ...[401, 401, 401, 401, 401, 200, 200],
      ...[404, 404, 200, 200, 405],
    ]);
    if (real) expect(ofOwn).toEqual(await answersOf(real.url, auth.token()));
    await own.close();
    await real?.close();
  });
});
