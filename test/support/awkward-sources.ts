import type { OAuthSource } from "../../src/source/source.ts";
import { generateSources } from "./upstream.ts";

/** Texts that scanners of SQL stumble over. */
const texts = [
  "begin transaction",
  "BEGIN TRANSACTION; COMMIT;",
  "it's; -- a 'comment' /* of */ sorts",
  "PRAGMA foreign_keys=OFF;",
  "CREATE TRIGGER x BEGIN SELECT 1; END",
  "? and ?1 and :name and $1",
  "line\nend\r\nand \u2028 others",
  'grün 中 😀 \\ " ` %',
];

/** Each of these as a name and as another field, and sixty sources of 700 apostrophes. */
export const awkwardSources = (): OAuthSource[] =>
  generateSources(texts.length + 60).map((source, i) => {
    const text = texts[i] ?? `${i} ${"'".repeat(700)}`;
    return { ...source, name: text, additional_scopes: text };
  });
