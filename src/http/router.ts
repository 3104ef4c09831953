import type { Env } from "hono";
import { HonoBase } from "hono/hono-base";
import { TrieRouter } from "hono/router/trie-router";

/**
 * A Hono app with one router. Hono's own default brings a second one, which does not take a parameter beside a fixed word
 * (`:slug`, `source_types`) and gives way to this one at the first request.
 */
export const newApp = <E extends Env = Env>() => new HonoBase<E>({ router: new TrieRouter() });
