import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run.ts";

/** Ignored by git, and inside the repository, so that its dependencies are found. */
const folder = ".wrangler/snippets";

/** Where the package's names lead, without a build. */
const paths = {
  "authentik-sources-edge": ["../../src/index.ts"],
  "authentik-sources-edge/client": ["../../src/client.ts"],
  "authentik-sources-edge/schema": ["../../src/db/schema.ts"],
  "authentik-sources-edge/worker": ["../../src/worker.ts"],
};

/** Compiles modules of a host of the package, each by its name. @returns what the compiler says; nothing where all is well */
export async function typeCheck(modules: Record<string, string>): Promise<string> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const compilerOptions = { types: ["@cloudflare/workers-types"], noUnusedLocals: false, paths };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: "../../tsconfig.json", compilerOptions, include: ["*.ts"], exclude: [] }),
  );
  for (const [name, code] of Object.entries(modules)) writeFileSync(join(folder, `${name}.ts`), code);
  return (await run("tsc", ["-p", folder])).stdout;
}
