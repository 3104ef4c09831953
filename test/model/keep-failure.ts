import { mkdirSync, writeFileSync } from "node:fs";
import type { Failure } from "./history.ts";

/** Where failures stay; git ignores it. */
export const failures = ".data/model";

/**
 * Keeps a history that breaks a promise in a file, with what repeats it.
 * @returns its path
 */
export function keepFailure({ seed, path, message, length, table }: Failure): string {
  mkdirSync(failures, { recursive: true });
  const file = `${failures}/seed-${seed}.txt`;
  const repeat = `npm run soak -- --model --seed ${seed} --path ${path}`;
  writeFileSync(file, `${message}\nafter ${length} events; again: ${repeat}\n\n${table}\n`);
  return file;
}
