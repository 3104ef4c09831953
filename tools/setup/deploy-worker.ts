import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod/mini";
import { runWrangler, type WranglerOptions } from "../cloudflare/wrangler.ts";

const deployed = z.object({ type: z.literal("deploy"), targets: z.array(z.string()) });

/**
 * Deploys the Worker with its secrets, which are in a file of this user's own for as long as that takes. As JSON: in the other form
 * that wrangler takes, a `$` would be expanded. Secrets that are not named stay.
 * @returns the address at which the Worker answers; undefined where wrangler names none
 */
export async function deployWorker(
  secrets: Record<string, string>,
  { env, ...options }: WranglerOptions,
): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "authentik-sources-edge-"));
  const [secretsFile, outputFile] = [join(folder, "secrets.json"), join(folder, "output.ndjson")];
  try {
    writeFileSync(secretsFile, JSON.stringify(secrets), { mode: 0o600 });
    await runWrangler(["deploy", "--minify", "--secrets-file", secretsFile], {
      ...options,
      env: { ...env, WRANGLER_OUTPUT_FILE_PATH: outputFile },
    });
    return addressIn(readFileSync(outputFile, "utf8"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The address in what wrangler writes of a deployment: a domain of one's own goes before the one on workers.dev. */
export function addressIn(output: string): string | undefined {
  const lines = output.split("\n").filter((line) => line !== "");
  const targets = lines.flatMap((line) => deployed.safeParse(JSON.parse(line)).data?.targets ?? []);
  const domains = targets.flatMap((target) => /^(\S+) \(custom domain/.exec(target)?.[1] ?? []);
  return [...domains.map((domain) => `https://${domain}`), ...targets].find((target) => URL.parse(target)?.host);
}
