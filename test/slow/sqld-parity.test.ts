import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LibsqlServer, startLibsqlServer } from "../../tools/libsql-server/server.ts";
import { differences, pipelineCases, setUp } from "../support/pipeline-cases.ts";
import { ask, close, outcomesOf, sequence } from "../support/pipelines.ts";
import { temporaryFolder } from "../support/run.ts";
import { type Sqld, sqldPath, startSqld } from "../support/sqld.ts";

let own: LibsqlServer;
let real: Sqld | undefined;

const startOwn = () => startLibsqlServer({ file: join(temporaryFolder(), "own.db") });

beforeAll(async () => {
  own = await startOwn();
  if (sqldPath) real = await startSqld();
});

afterAll(async () => {
  await own.close();
  await real?.close();
});

describe(`the embedded server${sqldPath ? " and sqld give the same answers to" : " answers"}`, () => {
  it.each(pipelineCases)("$name", async ({ requests, outcomes }) => {
    const answerOf = async ({ url }: { url: string }) => {
      await ask(url, [sequence(setUp), close]);
      const { baton, ...answer } = await ask(url, requests);
      if (baton) await ask(url, [close], baton);
      return answer;
    };
    const answer = await answerOf(own);
    expect(outcomesOf(answer)).toEqual(outcomes);
    if (real) expect(answer).toEqual(await answerOf(real));
  });
});

describe.skipIf(!sqldPath)("the embedded server and sqld differ in", () => {
  it.each(differences)("$name", async ({ request, ...expected }) => {
    const answerOf = async (url = "") => {
      await ask(url, [sequence(setUp), close]);
      return ask(url, [request, close]);
    };
    const answers = { own: await answerOf(own.url), real: await answerOf(real?.url) };
    expect(outcomesOf(answers.own)).toEqual(expected.own);
    expect(outcomesOf(answers.real)).toEqual(expected.real);
    expect(answers.own).not.toEqual(answers.real);
  });
});
