import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

/** What each room of `src` may import besides itself and the ground. The files beside the rooms may import any of them. */
const rooms: Record<string, string[]> = {
  http: [],
  cache: [],
  db: ["sources/fields.ts"],
  sources: ["db/"],
  tokens: ["db/", "http/", "cache/"],
  sync: ["db/", "sources/"],
};
const ground = ["unavailable.ts", "byte-length.ts", "bounded-text.ts", "deadline.ts"];

describe("imports", () => {
  it("run one way in src, from the entry to the store", async () => {
    const arrows: string[] = [];
    for await (const file of glob("**/*.ts", { cwd: "src" })) {
      const room = file.split("/")[0] ?? "";
      const allowed = [...ground, `${room}/`, ...(rooms[room] ?? [])];
      for (const [, path = ""] of readFileSync(join("src", file), "utf8").matchAll(/from "(\..*?)"/g)) {
        const imported = join(dirname(file), path);
        if (room in rooms && !allowed.some((prefix) => imported.startsWith(prefix)))
          arrows.push(`${file} → ${imported}`);
        if (imported.startsWith("..")) arrows.push(`${file} → ${imported}`);
      }
    }
    expect(arrows).toEqual([]);
  });

  it.each(["src", "tools", "bench"])("run in no circle in %s", async (folder) => {
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
});
