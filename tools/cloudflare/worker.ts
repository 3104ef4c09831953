import * as z from "zod/mini";
import { type Cloudflare, CloudflareError } from "./api.ts";

/** A Worker as it is deployed. */
export interface DeployedWorker {
  /** Of the D1 that is bound as DB. */
  databaseId: string | undefined;
  /** Whether LIBSQL_URL is set, which goes before D1. */
  hasLibsql: boolean;
  /** Whether it is this project's: it has the runner of the sync. */
  isOurs: boolean;
}

const binding = z.looseObject({ type: z.string(), name: z.string(), id: z.optional(z.string()) });
const settings = z.object({ bindings: z.array(binding) });

/** Cloudflare's code for a Worker that there is not. */
const noWorker = 10007;

export const scriptPath = (name: string): string => `workers/scripts/${encodeURIComponent(name)}`;

/**
 * @returns undefined where there is no Worker of that name
 * @throws CloudflareError
 */
export async function readWorker({ call }: Cloudflare, name: string): Promise<DeployedWorker | undefined> {
  const found = await call("GET", `${scriptPath(name)}/settings`).catch((error: unknown) => {
    if (error instanceof CloudflareError && error.codes.includes(noWorker)) return undefined;
    throw error;
  });
  if (found === undefined) return undefined;
  const { bindings } = settings.parse(found);
  return {
    databaseId: bindings.find(({ type, name }) => type === "d1" && name === "DB")?.id,
    hasLibsql: bindings.some(({ name }) => name === "LIBSQL_URL"),
    isOurs: bindings.some(({ type, name }) => type === "durable_object_namespace" && name === "SYNC_RUNNER"),
  };
}

const database = z.object({ uuid: z.string(), name: z.string() });

/** A D1 database by its id or its name. */
export async function readDatabase({ call }: Cloudflare, idOrName: string) {
  try {
    return database.parse(await call("GET", `d1/database/${encodeURIComponent(idOrName)}`));
  } catch (error) {
    if (error instanceof CloudflareError && error.status === 404) return undefined;
    throw error;
  }
}
