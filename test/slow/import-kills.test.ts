import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { outcomeOf, spawnTool, temporaryFolder } from "../support/run.ts";
import { createFileStore } from "../support/sync-store.ts";
import { generateSources } from "../support/upstream.ts";

const count = 10_000;
const kills = 5;

describe(`an import of ${count} sources`, () => {
  it(`leaves the old list or the new one after each of ${kills} kills`, async () => {
    const { url, db, snapshot } = await createFileStore(generateSources(count, "Old"));
    const folder = temporaryFolder();
    const startImport = (name: string) => {
      const file = join(folder, `${name}.json`);
      writeFileSync(file, JSON.stringify(generateSources(count, name)));
      return spawnTool("import", [file], { LIBSQL_URL: url });
    };
    const namesInStore = async () => {
      const { sources } = await snapshot();
      expect(sources).toHaveLength(count);
      return [...new Set(sources.map(({ name }) => String(name).split(" ")[0]))].join();
    };
    const changed = { code: 0, stdout: `added 0, changed ${count}, removed 0, unchanged 0\n` };

    const begun = performance.now();
    expect(await outcomeOf(startImport("New"))).toMatchObject(changed);
    const importMs = performance.now() - begun;
    const moments: string[] = [];
    let before = await namesInStore();
    for (let kill = 0; kill < kills; kill++) {
      const next = before === "Old" ? "New" : "Old";
      const child = startImport(next);
      const ended = new Promise((resolve) => child.once("exit", resolve));
      // It begins by reading the file and the store.
      const delay = (0.5 + Math.random() / 2) * importMs;
      await sleep(delay);
      child.kill("SIGKILL");
      await ended;
      const after = await namesInStore();
      moments.push(`+${Math.round(delay)} of ${Math.round(importMs)} ms: ${after}`);
      expect([before, next], moments.at(-1)).toContain(after);
      before = after;
    }
    console.info(moments.join("\n"));
    expect(await outcomeOf(startImport(before === "Old" ? "New" : "Old"))).toMatchObject(changed);
    db.$client.close();
  });
});
