import type { WritableDatabase } from "../src/db/database.ts";
import { withRemoteD1 } from "./cloudflare/remote-store.ts";
import { type Io, UsageError } from "./command.ts";
import { isPackage } from "./invocation.ts";
import { defaultD1Folder, withLocalD1 } from "./local-d1.ts";
import { withLibsql } from "./store.ts";
import { flag, option } from "./usage.ts";

/** Words for this repository alone: a host of the package has a D1 of its own, which takes SQL alone. */
const here = (words: string) => (isPackage ? undefined : words);

/** What the command line of a tool may say of a local D1, and of any store. */
export const localOptions = {
  d1: flag(here("takes the local D1 for the store, which `npm run dev -- --d1` serves")),
  "persist-to": option("DIR", here(`where that is kept (default ${defaultD1Folder})`)),
};
export const storeOptions = {
  ...localOptions,
  remote: flag(here("takes the D1 of the deployed Worker, by Cloudflare's API")),
};

export interface StoreFlags {
  d1?: boolean | undefined;
  "persist-to"?: string | undefined;
  remote?: boolean | undefined;
}

/**
 * The folder of the local D1, where that is the store.
 * @throws UsageError
 */
export function d1FolderOf({ d1, "persist-to": folder }: StoreFlags, env: NodeJS.ProcessEnv): string | undefined {
  if (!d1 && folder !== undefined) throw new UsageError("--persist-to is for --d1");
  if (!d1) return undefined;
  checkFlag("--d1", env);
  if (folder === "") throw new UsageError("--persist-to takes a folder");
  return folder ?? defaultD1Folder;
}

/**
 * Whether the store is the D1 of the deployed Worker.
 * @throws UsageError
 */
export function isRemote({ d1, remote }: StoreFlags, env: NodeJS.ProcessEnv): boolean {
  if (!remote) return false;
  if (d1) throw new UsageError("--d1 and --remote are two stores: leave one out");
  checkFlag("--remote", env);
  return true;
}

function checkFlag(flag: string, env: NodeJS.ProcessEnv): void {
  if (isPackage) {
    throw new UsageError(`${flag} is for the repository's own scripts: --sql gives what wrangler d1 execute takes`);
  }
  if (env.LIBSQL_URL) {
    throw new UsageError(
      `${flag} and LIBSQL_URL are two stores: unset LIBSQL_URL, in .dev.vars too, or leave ${flag} out`,
    );
  }
}

/** Opens the tool's store for as long as `use` takes: the local D1 with --d1, the deployed one with --remote, else LIBSQL_URL. */
export function withStore<T>(io: Io, flags: StoreFlags, use: (db: WritableDatabase) => Promise<T>): Promise<T> {
  if (isRemote(flags, io.env)) return withRemoteD1(io, use);
  const folder = d1FolderOf(flags, io.env);
  return folder === undefined ? withLibsql(io, use) : withLocalD1(folder, use);
}
