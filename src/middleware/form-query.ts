import { createMiddleware } from "hono/factory";
import { invalidQuery } from "../errors.ts";

const maximumLength = 16 * 1024;
const maximumParameters = 1000;

/**
 * Reads the query as a form (WHATWG URL, application/x-www-form-urlencoded), which Hono's own decoder does not where UTF-8
 * is bad, and keeps the last value of each parameter. What follows sees a request with that query alone.
 */
export const formQuery = createMiddleware(async function formQuery(c, next) {
  const url = new URL(c.req.url);
  if (url.search.length > maximumLength) throw tooMuch(`The query is longer than ${maximumLength} bytes.`);
  if (url.searchParams.size > maximumParameters)
    throw tooMuch(`The query has more than ${maximumParameters} parameters.`);
  if (url.search !== "") {
    url.search = new URLSearchParams([...new Map(url.searchParams)]).toString();
    c.req.raw = new Request(url, c.req.raw);
  }
  await next();
});

const tooMuch = (message: string) => invalidQuery({ non_field_errors: [message] });
