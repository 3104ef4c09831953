import { readdirSync, readFileSync } from "node:fs";
import { setImmediate as othersTurn } from "node:timers/promises";
import { readPipeline, runPipeline } from "../../tools/libsql-bridge.ts";
import { LibsqlConnection } from "../../tools/libsql-connection.ts";
import { createMemoryCache } from "./data-centre.ts";
import { type Played, type PlayOptions, playHistoriesOver } from "./history.ts";
import type { Parts } from "./replica.ts";
import type { Engine } from "./store.ts";

const migrations = readdirSync("drizzle")
  .filter((name) => name.endsWith(".sql"))
  .sort()
  .flatMap((name) => readFileSync(`drizzle/${name}`, "utf8").split("--> statement-breakpoint"));

/** The real engine in this process, with the tables that the migrations make. */
function createEngine(): Engine {
  const connection = new LibsqlConnection(":memory:", 0);
  for (const sql of migrations) {
    const { error } = connection.attempt({ sql, args: [], named_args: [] });
    if (error) throw new Error(`${error.message}: ${sql}`);
  }
  return (text) => runPipeline(connection, readPipeline(text));
}

let parts: Parts | undefined;

/** Plays histories in Node, over the engine in this process and a stand-in of the Cache API. */
export function playHistories(options: PlayOptions): Promise<Played> {
  parts ??= { othersTurn, engine: createEngine(), openCache: createMemoryCache };
  return playHistoriesOver(parts, options);
}
