import type { Tool } from "./command.ts";

export interface Command {
  purpose: string;
  /** Tools are loaded when they are run, since some take long. */
  load: () => Promise<{ tool: Tool }>;
}

/** The commands of the package, for whoever has not cloned this repository; here they are npm's scripts. */
export const packageCommands: Record<string, Command> = {
  migrate: { load: () => import("./migrate.ts"), purpose: "applies the migrations to a store" },
  import: { load: () => import("./import.ts"), purpose: "replaces a store's sources by those of a file" },
  sync: { load: () => import("./sync.ts"), purpose: "makes a store equal to a live authentik" },
  token: { load: () => import("./token.ts"), purpose: "creates, lists and revokes bearer tokens" },
  "authentik-setup": {
    load: () => import("./authentik-setup.ts"),
    purpose: "makes in authentik the user and token that the sync needs",
  },
  "dev-store": { load: () => import("./dev-store.ts"), purpose: "runs a command beside a store filled with a sample" },
};

/** Those that need the repository: the package's command is built without them (build.ts). */
export const repositoryCommands: Record<string, Command> = {
  dev: { load: () => import("./dev.ts"), purpose: "runs the Worker on this machine" },
  setup: { load: () => import("./setup.ts"), purpose: "makes a replica that follows an authentik, from nothing" },
  deploy: { load: () => import("./deploy.ts"), purpose: "deploys the Worker, and applies the migrations to its D1" },
  build: { load: () => import("./build.ts"), purpose: "makes the package, and bundles the Worker" },
  openapi: { load: () => import("./openapi.ts"), purpose: "makes the Worker's static files" },
  "lint-openapi": { load: () => import("./lint-openapi.ts"), purpose: "lints the description of the API" },
};
