import { random } from "../generate.ts";

/** Random choices that are the same every time for the same seed. */
export interface Dice {
  chance(probability: number): boolean;
  /** A whole number from 0 up to, but not including, the limit. */
  below(limit: number): number;
  pick<T>(choices: readonly T[]): T;
  times<T>(count: number, make: () => T): T[];
}

export function createDice(seed: number): Dice {
  const next = random(seed);
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    chance: (probability) => next() < probability,
    below,
    pick<T>(choices: readonly T[]) {
      const [choice] = choices.slice(below(choices.length));
      if (choice === undefined) throw new RangeError("there is nothing to choose from");
      return choice;
    },
    times: (count, make) => Array.from({ length: count }, make),
  };
}
