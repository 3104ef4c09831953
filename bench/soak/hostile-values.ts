import type { Dice } from "./dice.ts";

export type Draw = (dice: Dice) => string;

/** Texts on which parsers, databases and prototypes stumble. */
export const nasty = [
  ...["__proto__", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty", "then", "undefined", "null"],
  ...["' OR 1=1 --", '"; DROP TABLE oauth_sources; --', "%", "_", "\\", "\\%", "'", '"', "`", '["', "]]", "{}", "NaN"],
  ...["../../etc/passwd", "<script>alert(1)</script>", "\r\nSet-Cookie: a=b", "a\tb", "a\nb", "\0", "a\0b", "\0\0"],
  ...["\ud800", "\udc00", "a\ud83d", "\ude00a", "\ufeff", "\uffff", "\u{10ffff}", "e\u0301", "\u202e", "\u2028"],
  ...["ß", "İ", "ı", "ſ", "ς", "ﬁ", "é", "ΑΣ", "𐐨", "\u200b", "\xa0x\xa0", "\x1c\x85", "\u3000", " ", "   "],
];

/** Escapes that are no UTF-8, half escapes, and characters that mean something in a query. */
export const brokenEscapes = [
  ...["%", "%%", "%4", "%G1", "%u0041", "%80", "%BF%BF", "%C0%AF", "%C3", "%E2%82", "%ED%A0%80", "%F4%90%80%80"],
  ...["%FF%FE", "%00", "%25%32%30", "%26", "%3D", "%23", "#", ";", "&", "=", "&&", "==", "+%2B+", "?"],
];

const codePoint: Draw = (dice) => String.fromCodePoint(dice.below(dice.pick([0x80, 0x100, 0x1_0000, 0x11_0000])));
const randomText: Draw = (dice) => dice.times(dice.below(20), () => codePoint(dice)).join("");
const hugeText: Draw = (dice) => dice.pick(["x", "é", "%", "\0", " ", ",", "a,", "-", "𐐨"]).repeat(dice.below(6_000));

export const badText: Draw = (dice) => {
  const draw = dice.pick<Draw>([
    ({ pick }) => pick(nasty),
    ({ pick }) => pick(nasty),
    randomText,
    randomText,
    hugeText,
  ]);
  return draw(dice);
};

const fields = [
  ...["pk", "name", "slug", "enabled", "authentication_flow", "enrollment_flow", "policy_engine_mode", "managed"],
  ...["user_matching_mode", "user_path_template", "provider_type", "request_token_url", "authorization_url"],
  ...["access_token_url", "profile_url", "consumer_key", "additional_scopes", "oidc_well_known_url", "oidc_jwks_url"],
  ...["promoted", "pkce", "group_matching_mode", "authorization_code_auth_method", "oidc_jwks", "type", "icon"],
];
const goodTerm: Draw = ({ pick }) => pick(["", "-"]) + pick(fields);
const badTerm: Draw = (dice) => dice.pick(["", "-", "--", " ", " - "]) + dice.pick([goodTerm, badText])(dice);

const uuid: Draw = ({ pick, times, below }) => {
  const hex = times(32, () => below(16).toString(16)).join("");
  const hyphened = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  return pick([hex, hyphened, hyphened.toUpperCase(), `{${hyphened}}`, `urn:uuid:${hyphened}`, `{{${hex}}`]);
};

const oneOf =
  (...choices: string[]): Draw =>
  ({ pick }) =>
    pick(choices);

const integer = oneOf(
  ...[
    "0",
    "-0",
    "-1",
    "01",
    "+1",
    "1.0",
    "1e3",
    "0x10",
    "1_0",
    "２",
    "٢",
    " 3 ",
    "\xa05",
    "5\x85",
    " ",
    "last",
    "1000",
  ],
  ...["1001", "9007199254740991", "9007199254740992", "9007199254740993", "-9007199254740993", "9".repeat(400)],
);

interface Values {
  good: Draw;
  /** Values that are bad, or at a bound, for this parameter alone. */
  odd: Draw;
}

export type Rows = readonly Record<string, unknown>[];

const texts = ["name", "slug", "provider_type", "consumer_key", "additional_scopes"];
const urls = ["request_token_url", "authorization_url", "access_token_url", "profile_url"];
const flows = ["authentication_flow", "enrollment_flow", "pbm_uuid"];
const booleans = ["has_jwks", "enabled"];

/**
 * Every parameter with its values.
 * @param rows the sources: filters and searches by what they have find something
 */
export function parameterValues(rows: Rows): ReadonlyMap<string, Values> {
  const ofRow =
    (name: string): Draw =>
    ({ pick }) =>
      String(pick(rows)[name] ?? "");
  const piece: Draw = (dice) => {
    const characters = [...ofRow(dice.pick(["name", "slug"]))(dice)];
    const start = dice.below(characters.length);
    return characters.slice(start, start + 1 + dice.below(4)).join("");
  };
  const all = (names: string[], valuesOf: (name: string) => Values) =>
    names.map((name): [string, Values] => [name, valuesOf(name)]);

  return new Map<string, Values>([
    ...all([...texts, ...urls], (name) => ({ good: ofRow(name), odd: badText })),
    ...all(flows, (name) => ({
      good: (dice) => dice.pick([uuid, ofRow(name)])(dice),
      odd: (dice) => uuid(dice) + dice.pick(["0", " ", "g", "\0"]),
    })),
    ...all(booleans, () => ({
      good: oneOf("true", "false", "True", "1", "0"),
      odd: oneOf("yes", " true", "2", "tru", "true,false"),
    })),
    ["page", { good: oneOf("1", "1", "1", "2", "3", " 2"), odd: integer }],
    ["page_size", { good: ({ below }) => String(1 + below(100)), odd: integer }],
    ["policy_engine_mode", { good: oneOf("all", "any"), odd: oneOf("All", " any", "none") }],
    ["user_matching_mode", { good: ofRow("user_matching_mode"), odd: oneOf("email", "identifier,email_link") }],
    ["group_matching_mode", { good: oneOf("identifier", "name_link", "name_deny"), odd: oneOf("group", "name") }],
    [
      "ordering",
      {
        good: (dice) => dice.times(1 + dice.below(4), () => goodTerm(dice)).join(","),
        odd: (dice) => dice.times(dice.pick([1, 3, 30, 900]), () => badTerm(dice)).join(","),
      },
    ],
    [
      "search",
      {
        good: (dice) => dice.times(1 + dice.below(2), () => piece(dice)).join(dice.pick([" ", ",", "\u3000"])),
        odd: (dice) => dice.times(dice.pick([1, 5, 50, 2_000]), () => piece(dice)).join(dice.pick([" ", ",", "\0"])),
      },
    ],
  ]);
}

export const parameterNames = [...parameterValues([]).keys()];
