import type { RunWarning } from "../db/schema.ts";

/** What is odd about a value. Sentences are made where warnings are shown. */
export type Oddity = keyof typeof sentences;

/** A fault of one value, which costs that value and stops nothing (docs/operations.md, "Odd values"). */
export interface Warning extends RunWarning {
  what: Oddity;
  /** The place of the source in the list that was read, from 0. */
  row?: number;
}

/** The first warnings of a list, and how many there are. */
export interface Warnings {
  count: number;
  first: Warning[];
}

/** As many as a person reads, and as the store keeps of a run. */
export const mostWarnings = 10;

/** Gathers the warnings of a list. Secrets count once a key: what sends one for a source sends it for all. */
export function gatherWarnings() {
  const warnings: Warnings = { count: 0, first: [] };
  const toldSecrets = new Set<string>();
  const warn = (warning: Warning) => {
    if (warning.what === "secret") {
      const name = warning.key.slice(warning.key.lastIndexOf(".") + 1);
      if (toldSecrets.has(name)) return;
      toldSecrets.add(name);
    }
    warnings.count++;
    if (warnings.first.length < mostWarnings) warnings.first.push(warning);
  };
  return { warnings, warn };
}

export const joinWarnings = (...parts: Warnings[]): Warnings => ({
  count: parts.reduce((sum, { count }) => sum + count, 0),
  first: parts.flatMap(({ first }) => first).slice(0, mostWarnings),
});

/** A name that can be shown as it is; never in part, since what redacts a secret would not find it. */
export const shownName = (name: string): string => (/^\w{1,50}$/.test(name) ? name : "(odd name)");

/** A path of keys, of which no more than three stand in a sentence. */
export const shownPath = (path: readonly string[]): string =>
  (path.length > 3 ? [path[0] ?? "", path[1] ?? "", "…", path.at(-1) ?? ""] : path)
    .map((name) => (name === "…" ? name : shownName(name)))
    .join(".");

const sentences = {
  unsafe_url: "has an address that a browser would run",
  wrong_type: "has a value of a type that the API does not document",
  not_text: "is not valid text",
  missing: "is missing",
  duplicate: "stands in another source too",
  secret: "is a secret, which is never taken",
  too_large: "is too large",
  too_deep: "is nested too deep",
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
