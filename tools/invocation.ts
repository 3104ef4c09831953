/** The scripts of this repository that are not called as their command is. */
const scripts: Record<string, string> = {
  migrate: "db:migrate",
  import: "db:import",
  "authentik-setup": "authentik:setup",
  "lint-openapi": "lint:openapi",
};

/** Built, this file is a part of dist/cli.js, and the tools are commands of the package. */
export const isPackage = import.meta.url.endsWith(".js");

/**
 * A command line as the person who reads it would type it: with npx where the package is installed, as a script in this
 * repository.
 */
export function commandLine(command: string, args = ""): string {
  const line = isPackage ? `npx authentik-sources-edge ${command}` : `npm run ${scripts[command] ?? command}`;
  if (args === "") return line;
  return isPackage ? `${line} ${args}` : `${line} -- ${args}`;
}
