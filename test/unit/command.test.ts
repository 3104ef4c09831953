import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { type Tool, UsageError } from "../../tools/command.ts";
import { packageCommands, repositoryCommands } from "../../tools/commands.ts";
import { flag, option } from "../../tools/usage.ts";
import { runInside } from "../support/run.ts";

const messageOf = (value: unknown) => z.string().safeParse(value).error?.issues[0]?.message;

const bare = "Invalid input";
const english = "Invalid input: expected string, received number";

const options = {
  name: option("NAME", "what it is for\n(a line more)"),
  scope: { ...option("SCOPE", "what it may"), default: "none" },
  all: flag("takes all"),
  secret: flag(),
};

const toolOf = (main: Tool["main"]): Tool => ({
  ...{ name: "sync", forms: ["[OPTIONS]", "FILE"], about: "Does it.", variables: { TOKEN: "who asks" } },
  ...{ options, main },
});

const usage = `Usage: npm run sync -- [OPTIONS]
       npm run sync -- FILE

Does it.
  TOKEN          who asks
  --name NAME    what it is for
                 (a line more)
  --scope SCOPE  what it may (default none)
  --all          takes all
`;

const fail = (error: Error) => async () => {
  throw error;
};

const run = (main: Tool["main"], args: string[] = []) => runInside(toolOf(main), args);

describe("a tool", () => {
  it.each(Object.entries({ ...packageCommands, ...repositoryCommands }))(
    "%s is loaded without a trace in the process",
    async (_, { load }) => {
      const before = { ...process.env };
      await load();
      expect({ ...process.env }).toEqual(before);
      expect(process.exitCode).toBe(undefined);
      expect(messageOf(1)).toBe(bare);
    },
  );

  it("has zod's words in English while it runs, as long as any other does, and leaves none behind", async () => {
    const { promise: firstEnds, resolve: endFirst } = Promise.withResolvers<void>();
    const first = run(async (_, { print }) => {
      await firstEnds;
      print(messageOf(1) ?? "");
    });
    expect((await run(async (_, { print }) => print(messageOf(1) ?? ""))).stdout).toBe(`${english}\n`);
    endFirst();
    expect((await first).stdout).toBe(`${english}\n`);
    await run(fail(new Error("it fails")));
    expect(messageOf(1)).toBe(bare);
  });

  it.each([
    ["that is done ends with 0", async () => {}, { code: 0, stderr: "" }],
    ["ends with the code that it gives", async () => 7, { code: 7, stderr: "" }],
    [
      "that fails ends with 1, and with the innermost reason in one line",
      fail(new Error("outer", { cause: new Error("inner") })),
      { code: 1, stderr: "sync: inner\n" },
    ],
    [
      "that is called wrongly ends with 2, the reason and how to see the usage",
      fail(new UsageError("name a file")),
      { code: 2, stderr: "sync: name a file\nSee npm run sync -- --help\n" },
    ],
    [
      "over a store without tables says what makes them",
      fail(new Error("no such table: api_tokens")),
      { code: 1, stderr: "sync: no such table: api_tokens; run `npm run db:migrate` first\n" },
    ],
  ] satisfies [string, Tool["main"], object][])("%s", async (_, main, expected) => {
    expect(await run(main)).toEqual({ stdout: "", ...expected });
  });

  it.each([["--help"], ["-h"], ["create", "--help"]])(
    "explains itself with %s %s, and does nothing else",
    async (...args) => {
      expect(await run(fail(new Error("it has run")), args)).toEqual({ code: 0, stdout: usage, stderr: "" });
    },
  );
});
