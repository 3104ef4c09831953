import * as z from "zod/mini";

// zod's own numbers weigh more in the Worker than all that is checked by them.

export const finiteNumber = z.custom<number>(Number.isFinite);

export const integerFrom = (minimum: number) =>
  z.custom<number>((value) => Number.isSafeInteger(value) && Number(value) >= minimum);
