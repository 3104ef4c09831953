import { styleText } from "node:util";
import * as z from "zod/mini";

/** What a person reads of the Worker's line for a request, src/gateway/log.ts. */
const loggedRequest = z.object({
  method: z.string(),
  path: z.string(),
  status: z.number(),
  ms: z.number(),
  cache: z.optional(z.string()),
  token: z.optional(z.string()),
  detail: z.optional(z.string()),
});

const colours = [
  [500, "red"],
  [400, "yellow"],
  [0, "green"],
] as const;

/** `hit`, or why the request went on (RFC 9211). */
const cacheOf = (cacheStatus = "") =>
  /; hit\b/.exec(cacheStatus) ? "hit" : (/fwd=(?:uri-)?([\w-]+)/.exec(cacheStatus)?.[1] ?? "");

/**
 * A request in columns for a terminal: `200  hit  0 ms  token 1  GET /api/v3/sources/oauth/`.
 * @param line as the Worker logs it
 * @returns the line as it is, where it is of no request
 */
export function requestLine(line: string, hasColours: boolean): string {
  if (!line.startsWith('{"')) return line;
  const { success, data } = loggedRequest.safeParse(parse(line));
  if (!success) return line;
  const { method, path, status, ms, cache, token, detail } = data;
  const [, colour] = colours.find(([least]) => status >= least) ?? [0, "red"];
  const shown = hasColours ? styleText(colour, String(status), { validateStream: false }) : String(status);
  const cells = [cacheOf(cache).padEnd(5), `${ms} ms`.padStart(7), (token ? `token ${token}` : "").padEnd(8)];
  return [shown, ...cells, `${method} ${path}`, ...(detail ? [`(${detail})`] : [])].join("  ");
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
