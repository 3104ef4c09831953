import { createDice, type Dice } from "./dice.ts";
import { badText, brokenEscapes, type Draw, nasty, parameterValues, type Rows } from "./hostile-values.ts";

/** Names that are no parameters: among them the other keys of error bodies, and one that is used inside. */
const otherNames = [
  ...nasty,
  ...["code", "detail", "non_field_errors", "public_url", "Page", "page_size ", " page", "page[]", "search[0]", ""],
];

type Encode = (text: string, dice: Dice) => string;

const asForm: Encode = (text) => new URLSearchParams([["", text]]).toString().slice(1);
/** The URL parser makes of it what it will; `&`, `=` and `#` in it cut the query anew. */
const asItIs: Encode = (text) => text;
const asBytes: Encode = (text, { pick }) => {
  const bytes = [...new TextEncoder().encode(text)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
  return pick([bytes, bytes.toUpperCase()]);
};

/** Bytes and escapes without any form. */
const noise: Draw = (dice) =>
  dice
    .times(1 + dice.below(60), () => dice.pick([...brokenEscapes, asBytes(badText(dice).slice(0, 9), dice)]))
    .join("");

/** The longest query that is taken, and the greatest number of parameters: some queries are cut to them, or to one more. */
const bounds = { length: 16 * 1024, parameters: 1_000 };

/**
 * Requests below the endpoint's mount, as a path with its query: random and hostile, some of them good. The same number
 * of the same seed is the same request, whatever was asked for before.
 * @param rows the sources: what filters and searches by their values should find
 */
export function hostileRequests(seed: number, rows: Rows): (number: number) => string {
  const values = parameterValues(rows);
  const names = [...values.keys()];

  function parameter(dice: Dice, hostility: number): string {
    const isHostile = () => dice.chance(hostility);
    const name = isHostile() ? dice.pick(otherNames) : dice.pick(names);
    const { good, odd } = values.get(name) ?? { good: badText, odd: badText };
    const value = (isHostile() ? dice.pick([odd, odd, badText]) : good)(dice);
    const encode = isHostile() ? dice.pick([asForm, asBytes, asItIs]) : asForm;
    const tail = isHostile() ? dice.pick(brokenEscapes) : "";
    return `${encode(name, dice)}=${encode(value, dice)}${tail}`;
  }

  function query(dice: Dice): string {
    const hostility = dice.pick([0, 0, 0.1, 0.3, 0.6]);
    const parameters = dice.times(1 + dice.below(6), () => parameter(dice, hostility));
    if (dice.chance(0.02)) return noise(dice);
    if (dice.chance(0.02)) {
      const many = bounds.parameters - parameters.length + dice.pick([-1, 0, 1, 2_000]);
      return [...parameters, ...dice.times(many, () => dice.pick(["a", "page=2", "=", "__proto__=x"]))].join("&");
    }
    if (dice.chance(0.02)) {
      const padded = `${parameters.join("&")}&${dice.pick(["x", "search", "name"])}=`;
      return padded.padEnd(bounds.length + dice.pick([-1, 0, 1, 9_000]), dice.pick(["x", "%20", "%E9", "+", ","]));
    }
    const again = dice.chance(0.2)
      ? parameters.map((each) => `${each.split("=")[0]}=${badText(dice).slice(0, 99)}`)
      : [];
    return [...again, ...parameters].join("&");
  }

  /** A slug, or something that no URL parser takes for a dot segment or for the end of the path. */
  const slug: Draw = (dice) =>
    dice.pick([String(dice.pick(rows).slug), `-${asBytes(badText(dice).slice(0, 99), dice)}`]);

  return (number) => {
    const dice = createDice(seed * 1_000_003 + number);
    const path = dice.chance(0.9) ? "" : dice.pick(["source_types/", `${slug(dice)}/`]);
    return `/sources/oauth/${path}?${query(dice)}`;
  };
}
