import { describe, expect, it } from "vitest";
import { describeProblems, InvalidList, mostProblems } from "../../src/sync/problem.ts";

const problem = { message: "is wrong" } as const;

describe("describeProblems", () => {
  it("names row, slug and field, as far as there are any", () => {
    expect(
      describeProblems([
        { ...problem, row: 0, slug: "github", field: "name" },
        { ...problem, row: 1, slug: 7 },
        { ...problem, field: "type.name" },
        problem,
      ]),
    ).toBe('row 1 (slug "github"): name: is wrong\nrow 2 (slug null): is wrong\ntype.name: is wrong\nis wrong');
  });

  it("escapes control characters of a slug, and shows a long slug by its length alone", () => {
    expect(describeProblems([{ ...problem, row: 0, slug: "\u001b[31m" }])).toContain('slug "\\u001b[31m"');
    expect(describeProblems([{ ...problem, row: 0, slug: "x".repeat(101) }])).toContain("slug of 101 characters");
  });

  it("says that there may be more than ten problems", () => {
    const last = (problems: number) => new InvalidList(Array(problems).fill(problem)).message.split("\n").at(-1);
    expect(last(mostProblems)).toBe("and perhaps more: the check stops at 10 problems");
    expect(last(mostProblems - 1)).toBe("is wrong");
  });
});
