import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { migrateStore, openStore } from "../../tools/store.ts";
import { readStoreUrl } from "../../tools/store-url.ts";
import { fixturePath, runTool, temporaryFolder } from "../support/run.ts";

const secret = "hunter2";

describe("LIBSQL_URL", () => {
  it.each([
    ["file:FOLDER/plain.db", "plain.db"],
    ["file:///FOLDER/three-slashes.db", "three-slashes.db"],
    ["file://localhost/FOLDER/localhost.db", "localhost.db"],
    ["FILE:/FOLDER/upper-case.db", "upper-case.db"],
    ["file:/FOLDER/a%20b/c%23%3f%25.db", "a b/c#?%.db"],
    ["file:/FOLDER/a b+c.db", "a b+c.db"],
  ])("%s names the file that the client opens", async (pattern, name) => {
    const folder = temporaryFolder();
    const url = pattern.replace(/\/?FOLDER/, folder);
    const file = join(folder, name);
    expect(readStoreUrl(url)).toEqual({ file, shown: file });
    expect(existsSync(file)).toBe(false);
    await migrateStore(openStore(url, undefined));
    expect(existsSync(file)).toBe(true);
  });

  it("names a file relative to where the tool runs", () => {
    expect(readStoreUrl("file:.data/my%20sources.db").file).toBe(".data/my sources.db");
  });

  it.each([
    ["http://127.0.0.1:8080", "http://127.0.0.1:8080"],
    ["https://db.example/sources/", "https://db.example/sources/"],
    ["libsql://db.example", "libsql://db.example"],
  ])("%s is a server, shown as %s", (url, shown) => {
    expect(readStoreUrl(url)).toEqual({ file: undefined, shown });
  });

  const wrong = [
    "foo://x",
    "sources.db",
    "file:",
    "file://",
    `file://${secret}/store.db`,
    `file:store.db?${secret}=1`,
    `file:store.db#${secret}`,
    "file:%zz",
    "file:a%00b",
    "file::memory:",
    "http:x",
    "http:/x",
    "http://",
    "http://a b",
    `https://reader:${secret}@db.example`,
    `https://${secret}@db.example`,
    `https://db.example/#${secret}`,
    `https://db.example/?authToken=${secret}`,
    `http://db.example:${secret}`,
  ];
  it.each(wrong)("%j is refused, and not shown", (url) => {
    expect(() => openStore(url, undefined)).toThrow(/LIBSQL_URL/);
    expect(() => openStore(url, undefined)).not.toThrow(secret);
  });

  it.each([["migrate"], ["import", fixturePath("company")], ["token", "list"], ["sync", "--status"], ["dev"]])(
    "is checked by %s before it does anything",
    async (tool, ...args) => {
      const { code, stdout, stderr } = await runTool(tool, args, { LIBSQL_URL: `foo://${secret}` });
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toMatch(/: LIBSQL_URL must be file:PATH, /);
      expect(stderr).not.toContain(secret);
    },
  );
});
