import { fileURLToPath } from "node:url";
import * as z from "zod/mini";

/** What wrangler.toml says of the deployment. */
export interface DeployConfig {
  name: string;
  account: string | undefined;
  /** The D1 that is bound as DB. */
  databaseName: string | undefined;
  databaseId: string | undefined;
  /** Whether the Worker has an address of its own choice. */
  hasRoutes: boolean;
}

export interface ConfigOptions {
  config?: string | undefined;
  env?: string | undefined;
}

const ownConfig = fileURLToPath(new URL("../../wrangler.toml", import.meta.url).href);

const text = z.optional(z.string());
const database = z.object({ binding: z.string(), database_name: text, database_id: text });
const schema = z.object({
  name: z._default(z.string(), ""),
  account_id: text,
  d1_databases: z.array(database),
  routes: z.optional(z.array(z.unknown())),
});

/** Reads it as wrangler does. */
export async function readDeployConfig({ config = ownConfig, env }: ConfigOptions = {}): Promise<DeployConfig> {
  const { unstable_readConfig } = await import("wrangler");
  const {
    name,
    account_id,
    d1_databases,
    routes = [],
  } = schema.parse(unstable_readConfig({ config, ...(env && { env }) }));
  const bound = d1_databases.find(({ binding }) => binding === "DB");
  return {
    name,
    account: account_id,
    databaseName: bound?.database_name,
    databaseId: bound?.database_id,
    hasRoutes: routes.length > 0,
  };
}
