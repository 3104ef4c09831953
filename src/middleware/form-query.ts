import { createMiddleware } from "hono/factory";
import { invalidQuery } from "../errors.ts";

export interface QueryBounds {
  /** Bytes, without the question mark. */
  length: number;
  parameters: number;
}

/**
 * Reads the query as a form (WHATWG URL, application/x-www-form-urlencoded), which Hono's own decoder does not where UTF-8
 * is bad, and keeps the last value of each parameter. What follows sees a request with that query alone.
 * @param bounds what is longer or has more parameters is refused. @default none
 */
export const formQuery = (bounds?: QueryBounds) =>
  createMiddleware(async function formQuery(c, next) {
    const url = new URL(c.req.url);
    if (bounds) checkBounds(url, bounds);
    if (!isPlain(url)) {
      url.search = new URLSearchParams([...new Map(url.searchParams)]).toString();
      c.req.raw = new Request(url, c.req.raw);
    }
    await next();
  });

/** Without an escape or a repetition every decoder reads the same: a new request is not worth it. */
const isPlain = ({ search, searchParams }: URL) =>
  !/[%+]/.test(search) && new Set(searchParams.keys()).size === searchParams.size;

function checkBounds({ search, searchParams }: URL, { length, parameters }: QueryBounds): void {
  if (search.length - "?".length > length) throw tooMuch(`The query is longer than ${length} bytes.`);
  if (searchParams.size > parameters) throw tooMuch(`The query has more than ${parameters} parameters.`);
}

const tooMuch = (message: string) => invalidQuery({ non_field_errors: [message] });
