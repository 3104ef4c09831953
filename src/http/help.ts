import { createMiddleware } from "hono/factory";
import { ApiError, pathNotFound } from "./errors.ts";

/** The page that says which paths this read replica has, and that all else is at authentik (docs/contract.md, "Errors"). */
export const helpLink = '</docs/>; rel="help"';

/** For a path that is no route; a slug or a page that is missing has no link. */
export const unknownPath = new ApiError(404, pathNotFound.body, { Link: helpLink });

/** Adds the link to every 405. */
export const linkHelp = createMiddleware(async function linkHelp(c, next) {
  await next();
  if (c.res.status === 405) c.res.headers.set("Link", helpLink);
});
