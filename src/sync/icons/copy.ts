import { sha256Hexadecimal } from "../../base/sha256.ts";
import type { WritableDatabase } from "../../db/database.ts";
import type { SourceList } from "../list.ts";
import { unsignedAddress } from "../signature.ts";
import { gatherWarnings, type Warnings } from "../warning.ts";
import type { IconAddress } from "./addresses.ts";
import { type AskOptions, askForIcon } from "./ask.ts";
import { IconFault, type Image, imageOfData } from "./image.ts";
import { idOf, type Row, readIcons, writeIcons } from "./store.ts";

/** An icon that is known is asked for again after a day, one that could not be had after an hour. */
const dayMs = 86_400_000;
const hourMs = 3_600_000;
/** Of an address as it is kept; a digest stands for a longer one. */
const longestAddress = 1_000;

export interface CopyOptions extends Omit<AskOptions, "takeRequest"> {
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
  stored: Row | undefined;
}

/** The icons of one address: it is asked for once, however many sources have it. */
interface Place {
  /** The address as it is kept. */
  key: string;
  wanted: Wanted[];
}

type Answer = "later" | IconFault | { digest: string | null; etag: string | null };

/**
 * Copies the icons of a list that is in the store: those whose address is new, and those that were asked for more than a day ago. One
 * that cannot be had is a warning, and the image that the store has of it stays. Icons that their source does not name any more go.
 * @throws whatever the store throws
 */
export async function copyIcons(db: WritableDatabase, list: SourceList, options: CopyOptions): Promise<IconsCopied> {
  const { limits, origin } = options;
  const now = options.now();
  const { rows, sizes } = await readIcons(db);
  const wanted = list.documents.flatMap(({ pk, slug, icons }) =>
    icons.map((icon): Wanted => ({ ...icon, pk, slug, stored: rows.get(idOf({ pk, theme: icon.theme })) })),
  );
  const places = await placesOf(wanted, origin);
  /** False too where the image was lost: it is asked for then as if there had been none. */
  const hasImage = (row: Row | undefined): row is Row & { digest: string } => sizes.has(row?.digest ?? "");
  const isDue = (key: string, row: Row | undefined) => {
    if (row?.address !== key || (row.problem === null && !hasImage(row))) return true;
    const age = now - row.askedAt;
    return age < 0 || age >= (row.problem === null ? dayMs : hourMs);
  };

  const images = new Map<string, Image>();
  let bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  let requests = limits.iconRequests;
  const takeRequest = () => requests-- > 0;

  function keep(digest: string, image: Image): void {
    if (!sizes.has(digest) && !images.has(digest)) bytes += image.bytes.length;
    if (bytes > limits.allIconBytes) {
      bytes -= image.bytes.length;
      throw new IconFault(`has no room: all icons may have ${limits.allIconBytes / 2 ** 20} MiB together`);
    }
    images.set(digest, image);
  }

  async function ask(place: Place, known: Row | undefined): Promise<Answer> {
    try {
      const asked = await askFor(place, known?.etag ?? null, { ...options, takeRequest });
      if (asked === "later") return asked;
      if (asked === "unchanged") return { digest: known?.digest ?? null, etag: known?.etag ?? null };
      const digest = await sha256Hexadecimal(asked.bytes);
      keep(digest, asked);
      return { digest, etag: asked.etag };
    } catch (error) {
      if (error instanceof IconFault) return error;
      throw error;
    }
  }

  const { warnings, warnOf } = gatherWarnings();
  const named = new Set([...wanted.map(idOf)]);
  const held = new Set(list.held);
  const unnamed = [...rows.values()].filter((row) => !named.has(idOf(row)) && !held.has(row.pk));
  const copied: IconsCopied = { changed: unnamed.filter(hasImage).length, asked: 0, left: 0, warnings };
  const rewritten: Row[] = [];
  const confirmed = new Set<string>();

  async function copy(place: Place): Promise<void> {
    const { key, wanted } = place;
    const known = wanted.map(({ stored }) => stored).find((row) => row?.address === key && hasImage(row));
    const answer = await ask(place, known);
    if (answer === "later") {
      copied.left++;
      return;
    }
    copied.asked++;
    const problem = answer instanceof IconFault ? options.redact(answer.message) : null;
    const { digest, etag } = answer instanceof IconFault ? (known ?? { digest: null, etag: null }) : answer;
    // Once an address: the icon of a type is that of many sources.
    const [first] = wanted;
    if (problem !== null && first) warnOf(first.slug)(first.path, "unavailable", problem);
    for (const { pk, theme, stored } of wanted) {
      const row: Row = {
        pk,
        theme,
        address: key,
        etag,
        digest: digest ?? stored?.digest ?? null,
        problem,
        askedAt: now,
      };
      const isSeen = hasImage(stored) && stored.address === key && stored.digest === row.digest;
      if (isSeen && stored.etag === etag && problem === null) confirmed.add(key);
      else rewritten.push(row);
      if (row.digest !== null && !isSeen) copied.changed++;
    }
  }

  const due = places.filter(({ key, wanted }) => wanted.some(({ stored }) => isDue(key, stored)));
  // What was never asked for comes first, then what was longest ago.
  const askedAt = ({ key, wanted }: Place) =>
    Math.min(...wanted.map(({ stored }) => (stored?.address === key ? stored.askedAt : 0)));
  const queue = due.sort((a, b) => askedAt(a) - askedAt(b)).values();
  const work = async () => {
    for (const place of queue) await copy(place);
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

/** Without its signature; a path, where it is of authentik's origin. */
async function keyOf(address: string, origin: string): Promise<string> {
  const isData = /^data:/i.test(address);
  const url = isData ? null : urlOf(address, origin);
  if (url) url.hash = "";
  const unsigned = isData ? address : unsignedAddress(url?.href ?? address);
  const key = unsigned.startsWith(`${origin}/`) ? unsigned.slice(origin.length) : unsigned;
  return isData || key.length > longestAddress ? `sha256:${await sha256Hexadecimal(key)}` : key;
}

async function askFor({ wanted }: Place, etag: string | null, options: AskOptions) {
  const [{ address } = { address: "" }] = wanted;
  if (/^data:/i.test(address)) return { ...imageOfData(address), etag: null };
  const url = urlOf(address, options.origin);
  if (!url) throw new IconFault("is no address");
  return askForIcon(url, etag, options);
}
