import type { Freshness } from "../cache/freshness.ts";
import { isHttpUrl } from "../http/http-url.ts";

/** How long lists are served where nothing else is configured. */
export const defaultFreshness: Freshness = { fresh: 30, staleWhileRevalidate: 30, staleIfError: 86_400 };
/** How long a good token stays good while the store is down, in seconds. */
export const defaultTokenGraceSeconds = 3_600;

type Rule = [isValid: (value: unknown) => boolean, wanted: string];

const isFunction = (value: unknown) => typeof value === "function";
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
const isSeconds = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0;
const hasOnly = (value: unknown, names: string[]): value is Record<string, unknown> =>
  isObject(value) && Object.keys(value).every((name) => names.includes(name));
const limiters = ["address", "token"];
const lifetimes = ["fresh", "staleWhileRevalidate", "staleIfError"];

/** What each option must be, where it is given. */
const rules: Record<string, Rule> = {
  database: [isFunction, "a function of the context that gives a Drizzle database, such as (c) => drizzle(c.env.DB)"],
  verifyToken: [isFunction, "a function of a token and the context that gives a principal or null"],
  authentikUrl: [
    (value) => isFunction(value) || isHttpUrl(value),
    "an http(s) URL such as https://authentik.example, without a user, a query or a fragment, or a function of the context that gives one",
  ],
  cache: [
    (value) => value === false || (isObject(value) && isFunction(value.get)),
    "a cache, such as swrCache({ storage }), or false",
  ],
  freshness: [
    (value) => hasOnly(value, lifetimes) && lifetimes.every((name) => isSeconds(value[name])),
    "an object with fresh, staleWhileRevalidate, staleIfError, each a whole number of seconds",
  ],
  tokenGraceSeconds: [isSeconds, "a whole number of seconds"],
  limits: [
    (value) =>
      hasOnly(value, limiters) && limiters.every((name) => value[name] === undefined || isFunction(value[name])),
    "an object with address and token, functions of a key and the context that give a promise of true or false",
  ],
  now: [isFunction, "a function that gives milliseconds since 1970"],
};

/**
 * Checks the options of `createSourcesApp` when the app is built, rather than at the first request.
 * @throws TypeError naming the option and what would be right
 */
export function checkOptions(options: object): void {
  const refuse = (message: string) => {
    throw new TypeError(`createSourcesApp: ${message}`);
  };
  const given: Record<string, unknown> = { ...options };
  if (given.database === undefined) refuse(`database is missing: it must be ${rules.database?.[1]}`);
  for (const [name, value] of Object.entries(given)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (!rule) refuse(`there is no option ${name}; there are ${Object.keys(rules).join(", ")}`);
    else if (value !== undefined && !rule[0](value)) refuse(`${name} must be ${rule[1]}`);
  }
}
