/** Control and format characters, but for line ends: escape sequences, and those that turn the direction of text. */
const unprintable = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * Text of others as it may reach a terminal or a log: what a terminal would act upon is written as JSON writes it, so that
 * JSON stays JSON.
 */
export const printable = (text: string): string =>
  text.replace(unprintable, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`,
    ).join(""),
  );
