import { describe, expect, it } from "vitest";
import { boolean, choice, flag, integer, list, type Parameter, text, uuid } from "../../src/source/parameter.ts";

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
  it.each<[string, string, Parameter<unknown>, unknown]>([
    ["text", " a b ", text(), "a b"],
    ["text", "  ", text(), undefined],
    ["text", "a\0", text(), "Null characters are not allowed."],
    ["boolean", "True", boolean(), true],
    ["boolean", "1", boolean(), true],
    ["boolean", "FALSE", boolean(), false],
    ["boolean", "0", boolean(), false],
    ["boolean", "yes", boolean(), noBoolean],
    ["boolean", " true", boolean(), noBoolean],
    ["flag", "true", flag(), true],
    ["flag", "false", flag(), undefined],
    ["flag", "2", flag(), noBoolean],
    ["integer", " 3 ", page, 3],
    ["integer", "007", page, 7],
    ["integer", "1.0", page, noInteger],
    ["integer", "1e3", page, noInteger],
    ["integer", "٣", page, noInteger],
    ["integer", "+3", page, noInteger],
    ["integer", "0", page, "Ensure this value is greater than or equal to 1."],
    ["integer", "-9", page, "Ensure this value is greater than or equal to 1."],
    ["integer", "9".repeat(20), page, noInteger],
    ["bounded integer", "1000", size, 1_000],
    ["bounded integer", "1001", size, "Ensure this value is less than or equal to 1000."],
    ["bounded integer", "9".repeat(20), size, "Ensure this value is less than or equal to 1000."],
    ["UUID", pk, uuid(), pk],
    ["UUID", `{urn:uuid:${pk.toUpperCase()}}`, uuid(), pk],
    ["UUID", hex, uuid(), pk],
    ["UUID", `${hex}0`, uuid(), `“${hex}0” is not a valid UUID.`],
    ["UUID", "y", uuid(), "“y” is not a valid UUID."],
    ["choice", "any", mode, "any"],
    ["choice", "Any", mode, "Select a valid choice. Any is not one of the available choices."],
    ["list", "a,b", list((value) => value.split(",")), ["a", "b"]],
  ])("of the type %s reads %j", (_, value, parameter, expected) => {
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
