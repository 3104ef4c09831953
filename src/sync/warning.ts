import type { RunWarning } from "../db/schema.ts";

/** What is odd about a value. Sentences are made where warnings are shown. */
export type Oddity = keyof typeof sentences;

/** A fault of one value, which costs that value and stops nothing (docs/operations.md, "Odd values"). */
export interface Warning extends RunWarning {
  what: Oddity;
  /** The place of the source in the list that was read, from 0. */
  row?: number | undefined;
}

/** The first warnings of a list, and how many there are. */
export interface Warnings {
  count: number;
  first: Warning[];
}

export const noWarnings: Warnings = { count: 0, first: [] };

/** The one warning that something could not be read, and why. */
export const unavailable = (key: string, detail: string): Warnings => ({
  count: 1,
  first: [{ source: null, key, what: "unavailable", detail }],
});

/** As many as a person reads, and as the store keeps of a run. */
export const mostWarnings = 10;

/** Warns of a value: the keys that lead to it, what is odd about it, and more of that. */
export type Warn = (path: readonly string[], what: Oddity, detail?: string) => undefined;

/** Gathers the warnings of a list. Secrets count once a key: what sends one for a source sends it for all. */
export function gatherWarnings() {
  const warnings: Warnings = { count: 0, first: [] };
  const secrets = new Set<string | undefined>();
  const warnOf =
    (source: string | null, row?: number): Warn =>
    (path, what, detail) => {
      const name = path.at(-1);
      if (what === "secret" && secrets.has(name)) return;
      if (what === "secret") secrets.add(name);
      warnings.count++;
      if (warnings.first.length < mostWarnings)
        warnings.first.push({ source, row, key: shownPath(path), what, detail });
    };
  return { warnings, warnOf };
}

export const joinWarnings = (...parts: Warnings[]): Warnings => ({
  count: parts.reduce((sum, { count }) => sum + count, 0),
  first: parts.flatMap(({ first }) => first).slice(0, mostWarnings),
});

/** A name that can be shown as it is; never in part, since what redacts a secret would not find it. */
const shownName = (name: string): string => (/^\w{1,50}$/.test(name) ? name : "(odd name)");

/** A path of keys; of a long one its ends. */
function shownPath(path: readonly string[]): string {
  const names = path.map(shownName);
  return (names.length > 3 ? [names[0], "…", names.at(-1)] : names).join(".");
}

/** What is odd, in the words that follow a source and its key. The page at / has them too. */
export const sentences = {
  unsafe_url: "has an address that a browser would run",
  wrong_type: "has a value of a type that the API does not document",
  not_text: "is not valid text",
  missing: "is missing",
  secret: "is a secret, which is never taken",
  too_large: "is too large",
  too_deep: "is nested more than 200 deep",
  invalid: "cannot be taken",
  unavailable: "could not be read",
};

/** What is odd, without where. */
export const sentenceOf = ({ what, detail }: Pick<RunWarning, "what" | "detail">): string => {
  const sentence = Object.hasOwn(sentences, what) ? sentences[what as Oddity] : what;
  return detail === undefined ? sentence : `${sentence}: ${detail}`;
};

/** A line for each warning, and one for those that are not among the first. */
export function describeWarnings({ count, first }: { count: number; first: readonly RunWarning[] }): string[] {
  const lines = first.map((warning) =>
    [...["warning", ...(warning.source === null ? [] : [warning.source])], ...[warning.key, sentenceOf(warning)]].join(
      ": ",
    ),
  );
  return count > first.length ? [...lines, `and ${count - first.length} warnings more`] : lines;
}
