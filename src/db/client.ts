import { createClient } from "@libsql/client/http";
import type { LibSQLDatabase } from "drizzle-orm/libsql";
import { drizzle } from "drizzle-orm/libsql/http";
import { StoreError } from "./store-error.ts";

/** What the app asks of its store: a Drizzle database over libSQL or over D1. */
export type Database = Pick<LibSQLDatabase, "select" | "batch">;

export interface LibsqlOptions {
  /** `libsql://…`, `https://…` or `http://…`. */
  url: string | undefined;
  /** The database's own token, where it asks for one. */
  authToken?: string | undefined;
  /** @default the global fetch */
  fetch?: typeof fetch;
}

/**
 * Opens a libSQL database over HTTP. Nothing is sent before the first query.
 * @throws StoreError where there is no URL, or not one that can be reached over HTTP.
 */
export function openLibsql({ url, authToken, fetch = globalThis.fetch }: LibsqlOptions): Database {
  if (!url) throw new StoreError("LIBSQL_URL is not set: it says where the store is");
  try {
    // A limit on concurrency would make requests wait for each other; the platform has its own.
    const client = createClient({ url, concurrency: Number.MAX_SAFE_INTEGER, fetch, ...(authToken && { authToken }) });
    return drizzle({ client });
  } catch (error) {
    throw new StoreError("LIBSQL_URL must be a libsql://, https:// or http:// URL", { cause: error });
  }
}

/**
 * Runs a query; whatever keeps the store from answering comes out as one error.
 * @throws StoreError
 */
export async function ask<T>(query: () => Promise<T>): Promise<T> {
  try {
    return await query();
  } catch (error) {
    throw new StoreError(
      isMissingTable(error) ? "the store lacks a table: run `npm run db:migrate`" : "the store did not answer",
      {
        cause: error,
      },
    );
  }
}

function isMissingTable(error: unknown): boolean {
  return error instanceof Error && (error.message.includes("no such table") || isMissingTable(error.cause));
}
