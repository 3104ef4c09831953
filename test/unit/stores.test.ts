import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { testStore } from "../support/store-suite.ts";
import { d1, embeddedServer } from "../support/stores.ts";

// The third store, sqld, is in test/slow/stores-sqld.test.ts.
testStore(embeddedServer);
testStore(d1);

describe("src", () => {
  it("opens no interactive transaction, which a hosted server ends after five seconds", () => {
    const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
    expect(files).toContain("sync/write.ts");
    for (const file of files) expect(readFileSync(join("src", file), "utf8"), file).not.toMatch(/\.transaction\(/);
  });
});
