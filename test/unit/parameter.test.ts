import { describe, expect, it } from "vitest";
import { boolean, choice, flag, integer, list, type Parameter, text, uuid } from "../../src/sources/parameter.ts";

/** The value of a parameter, or what its refusal says. */
function read<T>(parameter: Parameter<T>, value: string | undefined): unknown {
  const { success, data, error } = parameter.safeParse(value);
  return success ? data : error.issues.map(({ message }) => message).join();
}

const noInteger = "A valid integer is required.";
const noBoolean = "Must be a valid boolean.";
const pk = "0b9a1ab3-4b6e-4fd3-9f6c-0a9d1a1b2c3d";
const hex = pk.replaceAll("-", "");
const page = integer({ minimum: 1, fallback: 7 });
const size = integer({ minimum: 1, maximum: 1_000, fallback: 100 });
const mode = choice(["all", "any"]);

describe("a query parameter", () => {
  it.each<[string, Parameter<unknown>, string | undefined, unknown]>([
    ["text", text(), " a b ", "a b"],
    ["text", text(), "  ", undefined],
    ["text", text(), "a\0", "Null characters are not allowed."],
    ["boolean", boolean(), "True", true],
    ["boolean", boolean(), "1", true],
    ["boolean", boolean(), "FALSE", false],
    ["boolean", boolean(), "0", false],
    ["boolean", boolean(), "yes", noBoolean],
    ["boolean", boolean(), " true", noBoolean],
    ["flag", flag(), "true", true],
    ["flag", flag(), "false", undefined],
    ["flag", flag(), "2", noBoolean],
    ["integer", page, " 3 ", 3],
    ["integer", page, "007", 7],
    ["integer", page, "1.0", noInteger],
    ["integer", page, "1e3", noInteger],
    ["integer", page, "٣", noInteger],
    ["integer", page, "+3", noInteger],
    ["integer", page, "0", "Ensure this value is greater than or equal to 1."],
    ["integer", page, "-9", "Ensure this value is greater than or equal to 1."],
    ["integer", page, "9".repeat(20), noInteger],
    ["bounded integer", size, "1000", 1_000],
    ["bounded integer", size, "1001", "Ensure this value is less than or equal to 1000."],
    ["bounded integer", size, "9".repeat(20), "Ensure this value is less than or equal to 1000."],
    ["UUID", uuid(), pk, pk],
    ["UUID", uuid(), `{urn:uuid:${pk.toUpperCase()}}`, pk],
    ["UUID", uuid(), hex, pk],
    ["UUID", uuid(), `${hex}0`, `“${hex}0” is not a valid UUID.`],
    ["UUID", uuid(), "y", "“y” is not a valid UUID."],
    ["choice", mode, "any", "any"],
    ["choice", mode, "Any", "Select a valid choice. Any is not one of the available choices."],
    ["list", list((value) => value.split(",")), "a,b", ["a", "b"]],
  ])("of the type %s is read from %3$j", (_, parameter, value, expected) => {
    expect(read(parameter, value)).toEqual(expected);
  });

  it.each<[string, Parameter<unknown>, unknown]>([
    ["text", text(), undefined],
    ["boolean", boolean(), undefined],
    ["flag", flag(), undefined],
    ["integer", page, 7],
    ["UUID", uuid(), undefined],
    ["choice", mode, undefined],
    ["list", list((value) => [value], ["x"]), ["x"]],
  ])("of the type %s has its fallback where it is missing or empty", (_, parameter, fallback) => {
    expect(read(parameter, undefined)).toEqual(fallback);
    expect(read(parameter, "")).toEqual(fallback);
  });
});
