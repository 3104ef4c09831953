import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Gives the run a folder for temporary files, which all that it starts uses as well, and removes it in the end. */
export default function setup() {
  const folder = mkdtempSync(join(tmpdir(), "authentik-sources-edge-"));
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
