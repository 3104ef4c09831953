import { type Statement, StatementError, type Value } from "./protocol.ts";
import type { SqlStatement } from "./sql-text.ts";

/**
 * The values of a statement's parameters, in the order of their numbers. Names come with or without their `:`, `@` or `$`.
 * @throws StatementError where there is one too few or too many: the engine would take NULL for it, or pass over it
 */
export function bindings({ parameters }: SqlStatement, { args, named_args }: Statement): unknown[] {
  const named = new Map(named_args.map(({ name, value }) => [name, value]));
  const found = args.length + named.size;
  if (found > parameters.length) {
    throw argsInvalid(`too many parameters, expected ${parameters.length} found ${found}`);
  }
  return parameters.map((name, i) => {
    const isNumbered = name === null || name.startsWith("?");
    const value = isNumbered ? args[i] : (named.get(name) ?? named.get(name.slice(1)));
    if (!value) throw argsInvalid(`value for parameter ${name ?? i + 1} not found`);
    return decode(value);
  });
}

const argsInvalid = (what: string) =>
  new StatementError("ARGS_INVALID", `Arguments do not match SQL parameters: ${what}`);

function decode(value: Value): unknown {
  switch (value.type) {
    case "null":
      return null;
    case "integer":
      return BigInt(value.value);
    case "blob":
      return Buffer.from(value.base64, "base64");
    default:
      return value.value;
  }
}

export function encode(value: unknown): Value {
  if (value === null) return { type: "null" };
  if (typeof value === "bigint") return { type: "integer", value: String(value) };
  if (typeof value === "number") return { type: "float", value };
  if (typeof value === "string") return { type: "text", value };
  if (value instanceof Uint8Array) return { type: "blob", base64: unpadded(value) };
  throw new Error(`a ${typeof value} cannot be sent`);
}

const unpadded = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64").replace(/=+$/, "");

/** About as many bytes of JSON as the value becomes, by the real server's own rule. */
export function sizeOf(value: Value): number {
  switch (value.type) {
    case "null":
      return 15;
    case "blob":
      return (value.base64.length * 3) / 4;
    default:
      return 26 + Buffer.byteLength(String(value.value));
  }
}
