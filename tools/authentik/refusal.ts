/** What was answered, whatever its status. */
export interface Answer {
  /** The request, as it may be shown. */
  asked: string;
  status: number;
  /** The media type, without its parameters. */
  type: string;
  /** Undefined where the body is no JSON. */
  json: unknown;
  /** Where a redirect leads, as it may be shown. */
  location: string | undefined;
}

/** Why the set-up did not go on: a sentence for a person. It carries no cause, since runtimes put addresses into theirs. */
export class Refusal extends Error {
  override name = "Refusal";
}

export const withoutSecrets = (text: string, secrets: Iterable<string>): string =>
  [...secrets].reduce((rest, secret) => rest.replaceAll(secret, "…"), text);

const longestShown = 300;

/** Text that came from elsewhere, so that no control character reaches a terminal. */
export function shown(text: string): string {
  const plain = text.replace(/\p{Cc}+/gu, " ").trim();
  return plain.length > longestShown ? `${plain.slice(0, longestShown)}…` : plain;
}

const laterOn = "authentik, or what stands in front of it, is not well: run the same command again later";

/**
 * What an answer that is no yes means, and what is to be done about it.
 * @param remedy for 401 and 403: they are about the token
 */
export function refusalOf({ asked, status, type, json, location }: Answer, remedy: string): Refusal {
  const answered = `${asked} was answered with ${status}`;
  if (location !== undefined && status >= 300 && status < 400) {
    return new Refusal(
      `${asked} redirects to ${location}, where the token does not go: give the address that it leads to`,
    );
  }
  if (status >= 500) return new Refusal(`${answered}${detailOf(json)}: ${laterOn}`);
  if (json === undefined) {
    return new Refusal(`${answered} and ${shown(type) || "nothing"}, not with JSON: is authentik there?`);
  }
  if (status === 401 || status === 403) return new Refusal(`${answered}${detailOf(json)}: ${remedy}`);
  if (status === 404) return new Refusal(`${answered}${detailOf(json)}: is it an authentik, 2024.6 or newer?`);
  if (status === 429) return new Refusal(`${answered}: run the same command again in a minute`);
  return new Refusal(`${answered}: ${problemsOf(json)}`);
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function detailOf(json: unknown): string {
  return isObject(json) && typeof json.detail === "string" ? ` (${shown(json.detail)})` : "";
}

/** `{"name": ["This field must be unique."], "code": "invalid"}`, as a person reads it. */
function problemsOf(json: unknown): string {
  if (!isObject(json)) return shown(JSON.stringify(json));
  const problems = Object.entries(json)
    .filter(([field]) => field !== "code")
    .map(([field, messages]) => `${field}: ${[messages].flat().map(asText).join(" ")}`);
  return shown(problems.join("; ")) || "no reason was given";
}

const asText = (message: unknown): string => (typeof message === "string" ? message : JSON.stringify(message));
