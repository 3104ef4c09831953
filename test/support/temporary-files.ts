import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Files in memory, on Linux. */
const memory = "/dev/shm";
const wantedBytes = 4 * 1024 ** 3;

function hasRoomInMemory(): boolean {
  try {
    const { bavail, bsize } = statfsSync(memory);
    return bavail * bsize >= wantedBytes;
  } catch {
    return false;
  }
}

/**
 * Gives the run a folder for temporary files, which all that it starts uses as well, and removes it in the end. In memory where
 * there is room: hundreds of databases there are waited for as long as a disk takes. Hundreds of Node processes, too, keep what
 * they compile there: a start of wrangler's takes a fifth less.
 */
export default function setup() {
  const folder = mkdtempSync(join(hasRoomInMemory() ? memory : tmpdir(), "authentik-sources-edge-"));
  process.env.TMPDIR = folder;
  process.env.NODE_COMPILE_CACHE = join(folder, "compiled");
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
