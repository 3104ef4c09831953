import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd } from "./process.ts";

/** Everything that the bench makes and throws away. */
export const folder = mkdtempSync(join(tmpdir(), "authentik-sources-edge-bench-"));
atEnd(() => rmSync(folder, { recursive: true, force: true }));
