const encoder = new TextEncoder();

/** The bytes of a text in UTF-8: the measure of every limit. */
export const byteLength = (text: string): number => encoder.encode(text).byteLength;
