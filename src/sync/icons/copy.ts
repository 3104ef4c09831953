import { sha256Hexadecimal } from "../../base/sha256.ts";
import type { WritableDatabase } from "../../db/database.ts";
import type { SourceList } from "../list.ts";
import { unsignedAddress } from "../signature.ts";
import { SyncError } from "../sync-error.ts";
import { gatherWarnings, type Warnings } from "../warning.ts";
import type { IconAddress } from "./addresses.ts";
import { fetchIcon, type IconOptions, later } from "./fetch.ts";
import { type Image, imageOfData } from "./image.ts";
import { type IconRow, idOf, readIcons, writeIcons } from "./store.ts";

/** An icon that is known is asked for again after a day, one that could not be had after an hour. */
const dayMs = 86_400_000;
const hourMs = 3_600_000;
/** Of an address as it is kept; a digest stands for a longer one. */
const longestAddress = 1_000;

export interface CopyOptions extends Omit<IconOptions, "takeRequest"> {
  /** Takes out of a text what may not be kept: authentik's token. */
  redact: (text: string) => string;
}

/** What a run did about icons. */
export interface IconsCopied {
  /** How many icons readers see for the first time, see changed, or no longer see. */
  changed: number;
  /** How many addresses were asked for. */
  asked: number;
  /** How many are left for later runs. */
  left: number;
  warnings: Warnings;
}

/** An icon that a source names, with what the store has of it. */
interface Wanted extends IconAddress {
  pk: string;
  slug: string;
  stored: IconRow | undefined;
}

/** The icons of one address: it is asked for once, however many sources have it. */
interface Place {
  /** The address as it is kept. */
  key: string;
  wanted: Wanted[];
}

/** What came of an address, and what is kept of it from now on. */
type Answer = Pick<IconRow, "digest" | "etag" | "problem">;

/**
 * Copies the icons of a list that is in the store: those whose address is new, and those that were asked for more than a day ago. One
 * that cannot be had is a warning, and the image that the store has of it stays. Icons that their source does not name any more go.
 * @throws whatever the store throws
 */
export async function copyIcons(db: WritableDatabase, list: SourceList, options: CopyOptions): Promise<IconsCopied> {
  const { limits, origin, redact } = options;
  const now = options.now();
  const { rows, sizes } = await readIcons(db);
  /** False too where the image was lost: it is asked for then as if there had been none. */
  const hasImage = (row: IconRow | undefined): row is IconRow => sizes.has(row?.digest ?? "");
  const wanted = list.documents.flatMap(({ pk, slug, icons }) =>
    icons.map((icon): Wanted => ({ ...icon, pk, slug, stored: rows.get(idOf({ pk, theme: icon.theme })) })),
  );

  /** When an icon is to be asked for; 0 where that was never done, or says nothing: a clock was ahead, or the image is lost. */
  function dueAt(key: string, row: IconRow | undefined): number {
    if (row?.address !== key || row.askedAt > now) return 0;
    if (row.problem !== null) return row.askedAt + hourMs;
    return hasImage(row) ? row.askedAt + dayMs : 0;
  }

  const images = new Map<string, Image>();
  let bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  let requests = limits.iconRequests;
  const takeRequest = () => requests-- > 0;

  /** @returns undefined where the run has no request left */
  async function fetchAnswer(place: Place, known: IconRow | undefined): Promise<Answer | undefined> {
    const { digest = null, etag = null } = known ?? {};
    try {
      const fetched = await fetchImage(place, etag, { ...options, takeRequest });
      if (fetched === "unchanged") return { digest, etag, problem: null };
      const found = await sha256Hexadecimal(fetched.bytes);
      const size = sizes.has(found) || images.has(found) ? 0 : fetched.bytes.length;
      if (bytes + size > limits.allIconBytes) {
        throw new SyncError(`has no room: all icons may have ${limits.allIconBytes / 2 ** 20} MiB together`);
      }
      bytes += size;
      images.set(found, fetched);
      return { digest: found, etag: fetched.etag, problem: null };
    } catch (error) {
      if (error === later) return undefined;
      if (error instanceof SyncError) return { digest, etag, problem: redact(error.message) };
      throw error;
    }
  }

  const { warnings, warnOf } = gatherWarnings();
  const named = new Set(wanted.map(idOf));
  const unnamed = [...rows.values()].filter((row) => !named.has(idOf(row)) && !list.held.includes(row.pk));
  const copied: IconsCopied = { changed: unnamed.filter(hasImage).length, asked: 0, left: 0, warnings };
  const rewritten: IconRow[] = [];
  const confirmed = new Set<string>();

  async function copy(place: Place): Promise<void> {
    const { key, wanted } = place;
    const [first] = wanted;
    const answer = await fetchAnswer(
      place,
      wanted.map(({ stored }) => stored).find((row) => row?.address === key && hasImage(row)),
    );
    if (!answer) {
      copied.left++;
      return;
    }
    copied.asked++;
    // Once an address: the icon of a type is that of many sources.
    if (answer.problem !== null && first) warnOf(first.slug)(first.path, "unavailable", answer.problem);
    for (const { pk, theme, stored } of wanted) {
      const digest = answer.digest ?? stored?.digest ?? null;
      const isSeen = hasImage(stored) && stored.address === key && stored.digest === digest;
      if (isSeen && stored.etag === answer.etag && answer.problem === null) confirmed.add(key);
      else rewritten.push({ ...answer, pk, theme, address: key, digest, askedAt: now });
      if (digest !== null && !isSeen) copied.changed++;
    }
  }

  const due = (await placesOf(wanted, origin))
    .map((place) => ({ ...place, at: Math.min(...place.wanted.map(({ stored }) => dueAt(place.key, stored))) }))
    .filter(({ at }) => at <= now)
    .sort((a, b) => a.at - b.at)
    .values();
  const work = async () => {
    for (const place of due) await copy(place);
  };
  await Promise.all(Array.from({ length: limits.iconsAtOnce }, work));
  await writeIcons(db, { now, confirmed: [...confirmed], rewritten, unnamed, images });
  return copied;
}

/** The addresses of icons, each once. */
async function placesOf(wanted: Wanted[], origin: string): Promise<Place[]> {
  const places = new Map<string, Place>();
  for (const each of wanted) {
    const key = await keyOf(each.address, origin);
    const place = places.get(key) ?? { key, wanted: [] };
    place.wanted.push(each);
    places.set(key, place);
  }
  return [...places.values()];
}

const urlOf = (address: string, origin: string) => URL.parse(address, `${origin}/`);

const isData = (address: string) => /^data:/i.test(address);

/** Without its signature; a path, where it is of authentik's origin. */
async function keyOf(address: string, origin: string): Promise<string> {
  if (isData(address)) return `sha256:${await sha256Hexadecimal(address)}`;
  const [key = ""] = unsignedAddress(urlOf(address, origin)?.href ?? address).split("#");
  if (key.length > longestAddress) return `sha256:${await sha256Hexadecimal(key)}`;
  return key.startsWith(`${origin}/`) ? key.slice(origin.length) : key;
}

async function fetchImage({ wanted: [first] }: Place, etag: string | null, options: IconOptions) {
  const { address = "" } = first ?? {};
  if (isData(address)) return { ...imageOfData(address), etag: null };
  const url = urlOf(address, options.origin);
  if (!url) throw new SyncError("is no address");
  return fetchIcon(url, etag, options);
}
