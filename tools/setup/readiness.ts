import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod/mini";
import { boundedFetch } from "../../src/base/bounded-fetch.ts";

const readyz = z.object({
  status: z.enum(["ready", "stale", "unavailable"]),
  store: z.optional(z.string()),
  problem: z.optional(z.string()),
  sync: z.optional(z.object({ age_seconds: z.number() })),
});

export type Readyz = z.infer<typeof readyz>;

export interface WaitOptions {
  /** The Worker's. */
  address: string;
  signal: AbortSignal;
  /** @default setTimeout */
  wait?: ((milliseconds: number) => Promise<unknown>) | undefined;
}

/** A new address on workers.dev takes a while to be known everywhere. */
const attempts = 90;

/**
 * Asks `/readyz` until it says what is wanted.
 * @returns what it said last, and whether that is it
 */
export async function waitForReadyz(
  isWanted: (said: Readyz) => boolean,
  { address, signal, wait = sleep }: WaitOptions,
): Promise<{ isThere: boolean; said: Readyz | undefined }> {
  let said: Readyz | undefined;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    said = await askReadyz(address, signal);
    if (said && isWanted(said)) return { isThere: true, said };
    await wait(1_000);
    signal.throwIfAborted();
  }
  return { isThere: false, said };
}

async function askReadyz(address: string, signal: AbortSignal): Promise<Readyz | undefined> {
  try {
    const { text } = await boundedFetch(
      new URL("/readyz", address),
      {},
      { milliseconds: 10_000, maxBytes: 65_536, timeout: (ms) => AbortSignal.any([AbortSignal.timeout(ms), signal]) },
    );
    return readyz.safeParse(JSON.parse(await text())).data;
  } catch {
    return undefined;
  }
}
