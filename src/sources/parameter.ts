import * as z from "zod/mini";
import { strip } from "./white-space.ts";

/** What a reader returns in place of a value: the message that the client sees under the parameter's name. */
class Refusal {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

type Reader<T> = (text: string) => T | Refusal;

/** What a parameter's text stands for, in the words of JSON Schema: for the description of the API, no check. */
export interface JsonType {
  type?: "boolean" | "integer";
  format?: "uuid";
  enum?: string[];
  minimum?: number;
  maximum?: number;
}

/** A query parameter: the last value of its name in, what it stands for out. */
export type Parameter<T> = z.ZodMiniPipe<
  z.ZodMiniOptional<z.ZodMiniString<string>>,
  z.ZodMiniTransform<T, string | undefined>
> & { jsonType: JsonType };

/**
 * A query parameter: text in, a value out. Missing and empty both mean "not given" and give the fallback (docs/contract.md,
 * "General rules").
 */
function parameter<T, F>(read: Reader<T>, fallback: F, jsonType: JsonType = {}): Parameter<T | F> {
  const schema = z.pipe(
    z.optional(z.string()),
    z.transform((text: string | undefined, context): T | F => {
      const value = text ? read(text) : fallback;
      if (!(value instanceof Refusal)) return value;
      context.issues.push({ code: "custom", message: value.message, input: text });
      return fallback;
    }),
  );
  return Object.assign(schema, { jsonType });
}

const readText: Reader<string | undefined> = (text) =>
  text.includes("\0") ? new Refusal("Null characters are not allowed.") : strip(text) || undefined;

const readBoolean: Reader<boolean> = (text) => {
  if (/^(true|1)$/i.test(text)) return true;
  if (/^(false|0)$/i.test(text)) return false;
  return new Refusal("Must be a valid boolean.");
};

/** The limits go before the bound of exact numbers, so that a huge `page_size` is too large and a huge `page` no integer. */
const readInteger =
  (minimum: number, maximum: number | undefined): Reader<number> =>
  (text) => {
    const digits = strip(text);
    const value = Number(digits);
    if (!/^-?[0-9]+$/.test(digits)) return new Refusal("A valid integer is required.");
    if (value < minimum) return new Refusal(`Ensure this value is greater than or equal to ${minimum}.`);
    if (maximum !== undefined && value > maximum)
      return new Refusal(`Ensure this value is less than or equal to ${maximum}.`);
    if (!Number.isSafeInteger(value)) return new Refusal("A valid integer is required.");
    return value;
  };

/** As Python's `uuid.UUID` reads it; out comes the form with hyphens in lower case, as it is stored. */
const readUuid: Reader<string> = (text) => {
  const hex = strip(text.replaceAll("urn:", "").replaceAll("uuid:", ""), /[{}]/).replaceAll("-", "").toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(hex)) return new Refusal(`“${text}” is not a valid UUID.`);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
};

const readChoice =
  <T extends string>(choices: readonly T[]): Reader<T> =>
  (text) =>
    choices.find((choice) => choice === text) ??
    new Refusal(`Select a valid choice. ${text} is not one of the available choices.`);

export const text = () => parameter(readText, undefined);
export const boolean = () => parameter(readBoolean, undefined, { type: "boolean" });
/** A boolean of which only `true` restricts anything. */
export const flag = () => parameter((text) => readBoolean(text) || undefined, undefined, { type: "boolean" });
export const uuid = () => parameter(readUuid, undefined, { format: "uuid" });
export const choice = <T extends string>(choices: readonly T[]) =>
  parameter(readChoice(choices), undefined, { enum: [...choices] });
/** An integer between the limits, both included. */
export const integer = ({ fallback, ...limits }: { minimum: number; maximum?: number; fallback: number }) =>
  parameter(readInteger(limits.minimum, limits.maximum), fallback, { type: "integer", ...limits });
/** Text that is read as a list, and refused only where it is over the limits. */
export const list = <T>(
  read: (text: string) => T[],
  fallback: T[] = [],
  { items, characters } = { items: Number.POSITIVE_INFINITY, characters: Number.POSITIVE_INFINITY },
) =>
  parameter((text) => {
    const values = read(text);
    if (values.length <= items && text.length <= characters) return values;
    return new Refusal(`Ensure this value has at most ${items} terms and ${characters} characters.`);
  }, fallback);
