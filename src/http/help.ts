import { ApiError, pathNotFound } from "./errors.ts";

/** The page that says which paths this read replica has, and that all else is at authentik (docs/contract.md, "Errors"). */
export const helpLink = '</docs/>; rel="help"';

/** For a path that is no route; a slug or a page that is missing has no link. */
export const unknownPath = new ApiError(404, pathNotFound.body, { Link: helpLink });
