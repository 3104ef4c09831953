import { getTableColumns } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { oauthSources } from "../../src/db/schema.ts";
import { fieldEntries, fields, fieldsWith, slugSchema } from "../../src/sources/fields.ts";
import { readFixture } from "../support/run.ts";

const [recorded = {}] = readFixture("company").results;

describe("fields", () => {
  it("has the documented keys of a source first, in the order of the wire", () => {
    expect(fieldEntries.filter(([, { isNewer }]) => !isNewer).map(([name]) => name)).toEqual(Object.keys(recorded));
  });

  it.each(["company", "adversarial", "many"])("takes every value that authentik recorded as %s", (name) => {
    for (const source of readFixture(name).results) {
      for (const [field, { check }] of fieldEntries) {
        if (field in source) expect(check.safeParse(source[field]).success, `${source.slug}: ${field}`).toBe(true);
      }
    }
  });

  it("has a column of the table for everything that is filtered or ordered by", () => {
    const columns = Object.values(getTableColumns(oauthSources)).map(({ name }) => name);
    expect(columns).toEqual(expect.arrayContaining(fieldsWith("column").map(([name]) => name)));
    for (const [name, { filter }] of fieldsWith("filter"))
      expect("column" in fields[name] && filter, name).toBeTruthy();
  });
});

describe("slugSchema", () => {
  it.each(["a", "GitHub_2-x", "x".repeat(255)])("takes %s", (slug) => {
    expect(slugSchema.safeParse(slug).success).toBe(true);
  });

  it.each(["", "no slug", "é", "a/b", "x".repeat(256), 7, null])("refuses %j", (slug) => {
    expect(slugSchema.safeParse(slug).success).toBe(false);
  });
});
