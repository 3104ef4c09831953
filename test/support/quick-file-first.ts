import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Some lines that play 1,000 histories: a new clone, which has no times yet, would take it for a quick file by its size. */
const longest = "/test/slow/model.test.ts";

/**
 * The longest files first, so that all cores end at once; but before them a quick one, so that a run shows a result at once: of
 * Node alone where there is one, since the runtimes of the others take ten seconds to start.
 */
export class QuickFileFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const quickOf = (name: string | undefined) => sorted.findLast(({ project }) => project.name === name);
    const quick = quickOf("unit") ?? quickOf(sorted[0]?.project.name);
    const rank = (file: TestSpecification) => (file === quick ? 0 : file.moduleId.endsWith(longest) ? 1 : 2);
    return sorted.sort((a, b) => rank(a) - rank(b));
  }
}
