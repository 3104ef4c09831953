import { createToken } from "../../src/index.ts";
import { type Answer, faultOf } from "./answer.ts";
import { createDice } from "./dice.ts";

/** Requests of which each makes the endpoint remember something else. */
export interface Flood {
  /** What the requests are, and the statuses that they may have. */
  what: string;
  statuses: number[];
  request: (number: number) => { path: string; token: string } | Promise<{ path: string; token: string }>;
}

export interface Growth {
  /** The heap in MiB, when all maps were full and at each checkpoint after that. */
  heap: number[];
  /** What was wrong with an answer; nothing was sent after it. */
  fault?: string;
}

/** By then every map is full: the slowest to fill takes a mebibyte of URLs, and there are seven kilobytes in each here. */
export const filling = 2_000;
const checkpoints = 10;
/** Requests at the same time. */
const width = 8;

/**
 * Whether the heap has at its end what it had at its lowest: a mebibyte more, or 16 bytes a request, is what compiled code
 * comes and goes by where nothing leaks. A map without a bound keeps 400 bytes of each bad token, and kilobytes of a URL.
 */
export function isFlat({ heap }: Growth, count: number): boolean {
  const [last, ...others] = heap.toReversed();
  const allowed = Math.max(1, (16 * count) / 2 ** 20);
  return last !== undefined && last - Math.min(...others) <= allowed;
}

/** Text that no other number has, long enough that whatever keeps it shows. */
const ownText = (number: number) => `${number}-`.repeat(4_000).slice(0, 7_000);

const fields = ["name", "enabled", "managed", "provider_type", "profile_url", "consumer_key", "oidc_jwks_url"];
const ordering = (number: number) => [1, 7, 49, 343, 2_401].map((n) => fields[Math.floor(number / n) % 7]).join(",");

const paths: ((number: number) => string)[] = [
  (number) => `/sources/oauth/?search=${ownText(number)}`,
  (number) => `/sources/oauth/?unknown=${ownText(number)}`,
  (number) => `/sources/oauth/?page=${number + 2}&unknown=${ownText(number)}`,
  (number) => `/sources/oauth/?page=${ownText(number)}`,
  (number) => `/sources/oauth/?page_size=${1 + (number % 12)}&ordering=${ordering(number)}&unknown=${ownText(number)}`,
  (number) => `/sources/oauth/slug-${number}/?unknown=${ownText(number)}`,
  (number) => `/sources/oauth/source_types/?name=${ownText(number)}`,
];

/** Short and long ones, one of ours that was never stored, and one of ours with a wrong checksum. */
const badTokens: ((number: number) => string | Promise<string>)[] = [
  (number) => `guess-${number}`,
  (number) => ownText(number).slice(0, 1_000),
  () => createToken(),
  (number) => `ase_${String(number).padStart(36, "x")}`,
];

const inTurn = <T>(ways: ((number: number) => T)[], number: number): T => {
  const way = ways[number % ways.length];
  if (!way) throw new RangeError("there is no way to choose from");
  return way(number);
};

/** All with one good token. */
export const differentUrls = (token: string): Flood => ({
  what: "different URLs",
  statuses: [200, 400, 404],
  request: (number) => ({ path: inTurn(paths, number), token }),
});

/** All for one list. */
export const badTokensOnly: Flood = {
  what: "bad tokens",
  statuses: [403],
  request: async (number) => ({ path: "/sources/oauth/?", token: await inTurn(badTokens, number) }),
};

/** A JWT with some of its characters changed, as text of that number alone, or of no form at all. */
function spoil(jwt: string, number: number): string {
  const { below, pick, chance, times } = createDice(number);
  const changes = times(1 + below(3), () => ({
    at: below(jwt.length),
    text: pick(["", "A", "-", "=", ".", "{", "é"]),
  }));
  const spoilt = changes.reduce((text, { at, text: put }) => text.slice(0, at) + put + text.slice(at + 1), jwt);
  const unlike = spoilt === jwt || chance(0.2) ? `${spoilt}${number}` : spoilt;
  return encodeURI(unlike).slice(0, 7_000);
}

/** JWTs that are nearly one which is good, all for one list. */
export const badJwts = (good: string): Flood => ({
  what: "bad JWTs",
  statuses: [403],
  request: (number) => ({ path: "/sources/oauth/?", token: spoil(good, number) }),
});

/** Sends a flood, and measures what the process keeps of it. Needs `node --expose-gc`. */
export async function measureFlood(
  { request, statuses }: Flood,
  send: (path: string, token: string) => Promise<Answer>,
  count: number,
  onProgress: (done: number, total: number) => void,
): Promise<Growth> {
  const heap: number[] = [];
  const every = Math.ceil((count - filling) / checkpoints / width) * width;

  async function faultOfOne(number: number): Promise<string | undefined> {
    const { path, token } = await request(number);
    const answer = await send(path, token);
    const fault = faultOf(answer, path, statuses);
    return fault && `request ${number}: ${fault}: ${answer.body.slice(0, 200)}\n  ${path}`;
  }

  for (let done = 0; done < count; onProgress(done, count)) {
    if (done >= filling && (done - filling) % every === 0) heap.push(heapUsed());
    const next = Math.min(done + width, count);
    const faults = await Promise.all(Array.from({ length: next - done }, (_, i) => faultOfOne(done + i)));
    const fault = faults.find((each) => each !== undefined);
    if (fault) return { heap, fault };
    done = next;
  }
  return { heap: [...heap, heapUsed()] };
}

/** In MiB, once everything that nobody holds has been collected. */
function heapUsed(): number {
  if (!globalThis.gc) throw new Error("this needs node --expose-gc, as npm run soak has it");
  globalThis.gc();
  return process.memoryUsage().heapUsed / 2 ** 20;
}
