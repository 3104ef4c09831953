import { inject } from "vitest";

const { size, seed } = inject("dose");

/** Fixed in the worker room, new for each run of the slow one. */
export { seed };

/** How often to try a property: the worker room a little, the slow one a lot. */
export const dose = (runs: { small: number; large: number }): number => runs[size];

/** The same, for fast-check. */
export const runs = (of: { small: number; large: number }) => ({ numRuns: dose(of), seed });
