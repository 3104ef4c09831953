import type { OAuthSource } from "../../src/source/source.ts";
import { generateSources } from "./upstream.ts";

/** Texts that scanners of SQL stumble over. */
const texts = [
  "begin transaction",
  "BEGIN TRANSACTION; COMMIT;",
  "REBEGIN TRANSACTIONAL",
  "it's; -- a 'comment' /* of */ sorts",
  "PRAGMA foreign_keys=OFF;",
  "CREATE TRIGGER x BEGIN SELECT 1; END",
  "? and ?1 and :name and $1",
  "line\nend\r\nand \u2028 others",
  'grün 中 😀 \\ " ` %',
];

/** Each of these as a name and as another field, sixty sources of 700 apostrophes, and two that no statement of D1 can hold. */
export const awkwardSources = (): OAuthSource[] =>
  generateSources(texts.length + 62).map((source, i) => {
    if (i < texts.length) return { ...source, name: texts[i] ?? "", additional_scopes: texts[i] ?? "" };
    if (i < texts.length + 60) return { ...source, name: `${i} ${"'".repeat(700)}` };
    return { ...source, additional_scopes: "'中😀".repeat(7_500), name: "'中😀".repeat(i % 2 === 0 ? 1 : 0) + i };
  });
