import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new folder, which goes with the run's own. */
export const temporaryFolder = () => mkdtempSync(join(tmpdir(), "test-"));
