/** Longer than any path of ours. */
const maximumLength = 200;

/** What routes and most slugs consist of. Tokens, digests and UUIDs do not: they mix letters and digits, or are longer. */
const isWord = /^(?!.{31})[a-z]{0,20}[0-9]{0,4}([-_.][a-z]{0,20}[0-9]{0,4})*$/i;

/**
 * A path for the log. Clients put secrets into paths by mistake, in any spelling: so what is no word is left out, and below
 * `hooks`, or what may be an escape of that, all but the hook's name: its secret may be of words.
 */
export function shownPath(path: string): string {
  let isInHooks = false;
  const shown = path.replace(/[^/]+/g, (segment) => {
    const isShown = isInHooks ? /^authentik$/i.test(segment) : isWord.test(segment);
    isInHooks ||= /hooks|%/i.test(segment);
    return isShown ? segment : "…";
  });
  return shown.length > maximumLength ? `${shown.slice(0, maximumLength)}…` : shown;
}
