/** The script of this repository that runs each command of the package. */
const scripts = {
  migrate: "db:migrate",
  import: "db:import",
  sync: "sync",
  token: "token",
  "authentik-setup": "authentik:setup",
  "dev-store": "dev-store",
} as const;

/** Built, this file is a part of dist/cli.js, and the tools are commands of the package. */
export const isPackage = import.meta.url.endsWith(".js");

/**
 * A command line as the person who reads it would type it: with npx where the package is installed, as a script in this
 * repository.
 */
export function commandLine(command: keyof typeof scripts, args = ""): string {
  const line = isPackage ? `npx authentik-sources-edge ${command}` : `npm run ${scripts[command]}`;
  if (args === "") return line;
  return isPackage ? `${line} ${args}` : `${line} -- ${args}`;
}
