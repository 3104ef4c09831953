/** Control and format characters, but for line ends: escape sequences, and those that turn the direction of text. */
const unprintable = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Text of others as it may reach a terminal: what that would act upon is percent-encoded. */
export const printable = (text: string): string => text.replace(unprintable, encodeURIComponent);
