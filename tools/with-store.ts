import type { WritableDatabase } from "../src/db/database.ts";
import { type Io, UsageError } from "./command.ts";
import { isPackage } from "./invocation.ts";
import { defaultD1Folder, withLocalD1 } from "./local-d1.ts";
import { withLibsql } from "./store.ts";

/** What the command line of a tool may say of the store. */
export const storeOptions = { d1: { type: "boolean", default: false }, "persist-to": { type: "string" } } as const;

export interface StoreFlags {
  d1?: boolean | undefined;
  "persist-to"?: string | undefined;
}

/** What the usage of a tool shows of them. A host of the package has a local D1 of its own, which takes SQL alone. */
export const d1Option = isPackage ? "" : " [--d1]";
export const sqlOption = isPackage ? "--sql" : "--d1 | --sql";

/** @param width of the column of flags */
export function storeUsage(width: number): string {
  if (isPackage) return "";
  const flags = [
    ["--d1", "takes the local D1 for the store, which `npm run dev -- --d1` serves"],
    ["--persist-to DIR", `where that is kept (default ${defaultD1Folder})`],
  ];
  return flags.map(([flag = "", meaning]) => `\n  ${flag.padEnd(width)}  ${meaning}`).join("");
}

/**
 * The folder of the local D1, where that is the store.
 * @throws UsageError
 */
export function d1FolderOf({ d1, "persist-to": folder }: StoreFlags, env: NodeJS.ProcessEnv): string | undefined {
  if (!d1 && folder !== undefined) throw new UsageError("--persist-to is for --d1");
  if (!d1) return undefined;
  if (isPackage)
    throw new UsageError("--d1 is for the repository's own scripts: --sql gives what wrangler d1 execute takes");
  if (env.LIBSQL_URL)
    throw new UsageError("--d1 and LIBSQL_URL are two stores: unset LIBSQL_URL, in .dev.vars too, or leave --d1 out");
  if (folder === "") throw new UsageError("--persist-to takes a folder");
  return folder ?? defaultD1Folder;
}

/** Opens the tool's store for as long as `use` takes: the local D1 with --d1, else the one at LIBSQL_URL. */
export function withStore<T>(io: Io, flags: StoreFlags, use: (db: WritableDatabase) => Promise<T>): Promise<T> {
  const folder = d1FolderOf(flags, io.env);
  return folder === undefined ? withLibsql(io, use) : withLocalD1(folder, use);
}
