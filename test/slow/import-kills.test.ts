import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runTool, start, temporaryFolder } from "../support/run.ts";
import { createFileStore } from "../support/sync-store.ts";
import { generateSources } from "../support/upstream.ts";

const count = 10_000;

describe("an import of 10,000 sources", () => {
  it("leaves the old list or the new one, wherever it is killed", async () => {
    const { url, db, load, snapshot } = await createFileStore();
    await load(generateSources(count, "Old"));
    const file = join(temporaryFolder(), "new.json");
    writeFileSync(file, JSON.stringify(generateSources(count, "New")));
    for (const delay of [600, 800, 1000, 1200, 1400]) {
      await killAfter(delay, start(process.execPath, ["tools/cli.ts", "import", file], { LIBSQL_URL: url }));
      const { sources } = await snapshot();
      const versions = new Set(sources.map(({ name }) => String(name).split(" ")[0]));
      expect(versions.size, `half-written after ${delay} ms`).toBe(1);
      expect(sources).toHaveLength(count);
    }
    expect((await runTool("import", [file], { LIBSQL_URL: url })).stdout).toMatch(
      /^added 0, changed (10000|0), removed 0/,
    );
    expect(new Set((await snapshot()).sources.map(({ name }) => String(name).split(" ")[0]))).toEqual(new Set(["New"]));
    db.$client.close();
  });
});

function killAfter(milliseconds: number, child: ReturnType<typeof start>): Promise<unknown> {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  setTimeout(() => child.kill("SIGKILL"), milliseconds);
  return ended;
}
