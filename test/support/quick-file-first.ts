import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * The longest files first, so that all cores end at once; but before them a quick one, so that a run shows a result at once: of
 * Node alone where there is one, since the runtimes of the others take ten seconds to start.
 */
export class QuickFileFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const quickOf = (name: string | undefined) => sorted.findLast(({ project }) => project.name === name);
    const quick = quickOf("unit") ?? quickOf(sorted[0]?.project.name);
    return quick ? [quick, ...sorted.filter((file) => file !== quick)] : sorted;
  }
}
