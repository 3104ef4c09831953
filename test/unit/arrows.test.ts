import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";

/** What each room of `src` may import besides itself: a request goes down once. The files of the hall may import any of them. */
const rooms: Record<string, string[]> = {
  base: [],
  source: ["base/"],
  http: ["base/"],
  cache: ["base/"],
  db: ["source/", "base/"],
  store: ["cache/", "db/", "http/", "source/", "base/"],
  tokens: ["store/", "cache/", "db/", "http/", "base/"],
  sync: ["db/", "source/", "base/"],
  gateway: ["tokens/", "store/", "cache/", "db/database.ts", "http/", "source/", "base/", "settings.ts"],
};
const hall = ["client.ts", "index.ts", "settings.ts", "worker.ts"];

it("has imports that run one way, from the entry to the store", async () => {
  const arrows: string[] = [];
  for await (const file of glob("**/*.ts", { cwd: "src" })) {
    const room = file.split("/")[0] ?? "";
    const allowed = rooms[room] && [`${room}/`, ...rooms[room]];
    for (const [, path = ""] of readFileSync(join("src", file), "utf8").matchAll(/from "(\..*?)"/g)) {
      const imported = join(dirname(file), path);
      if (allowed && !allowed.some((prefix) => imported.startsWith(prefix))) arrows.push(`${file} → ${imported}`);
      if (imported.startsWith("..")) arrows.push(`${file} → ${imported}`);
    }
    if (!allowed && !hall.includes(file)) arrows.push(`${file} is in no room`);
  }
  expect(arrows).toEqual([]);
});

it.each(["src", "tools", "bench"])("has no circle of imports in %s", async (folder) => {
  const imports = new Map<string, string[]>();
  for await (const file of glob("**/*.ts", { cwd: folder })) {
    const found = readFileSync(join(folder, file), "utf8").matchAll(/from "(\..*?)"/g);
    imports.set(
      file,
      [...found].map(([, path = ""]) => join(dirname(file), path)),
    );
  }
  // What imports nothing that is left cannot be in a circle: it is taken away until nothing changes.
  for (let size = -1; size !== imports.size; ) {
    size = imports.size;
    for (const [file, imported] of imports) if (!imported.some((each) => imports.has(each))) imports.delete(file);
  }
  expect([...imports.keys()]).toEqual([]);
});
