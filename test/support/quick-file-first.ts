import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The longest files first, so that all cores end at once; but before them a quick one, so that a run shows a result at once. */
export class QuickFileFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const quick = sorted.findLast(({ project }) => project === sorted[0]?.project);
    return quick ? [quick, ...sorted.filter((file) => file !== quick)] : sorted;
  }
}
