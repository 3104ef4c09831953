/** What is wrong with a list. Sentences are made where problems are shown. */
export interface Problem {
  /** From 0; undefined where it concerns the list as a whole. */
  row?: number | undefined;
  slug?: unknown;
  field?: string;
  /** Whether it stands in another row too: a list that changes while it is read may repeat a row. */
  isDuplicate?: true;
  message: string;
}

/** As many as a person reads: what is wrong with every row is not looked for in all of them. */
export const mostProblems = 10;

/** A list is wrong. */
export class InvalidList extends Error {
  override name = "InvalidList";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(describeProblems(problems));
    this.problems = problems;
  }
}

/** A line for each problem, naming the row, its slug and the field. */
export function describeProblems(problems: readonly Problem[]): string {
  const more = problems.length < mostProblems ? [] : [`and perhaps more: the check stops at ${mostProblems} problems`];
  return [...problems.map(describeProblem), ...more].join("\n");
}

function describeProblem({ row, slug, field, message }: Problem): string {
  const where = row === undefined ? [] : [nameRow(row, slug)];
  return [...where, ...(field === undefined ? [] : [field]), message].join(": ");
}

const nameRow = (row: number, slug: unknown): string => `row ${row + 1} (slug ${shownSlug(slug)})`;

/** In quotes, so that no control character reaches a terminal; never in part, since what redacts a secret would not find it. */
function shownSlug(slug: unknown): string {
  if (typeof slug !== "string") return "null";
  return slug.length > 100 ? `of ${slug.length} characters` : JSON.stringify(slug);
}
