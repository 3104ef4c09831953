import { readSettings, type Settings } from "../src/settings.ts";
import { UsageError } from "./command.ts";

/**
 * The Worker's settings, for a tool.
 * @throws UsageError naming every variable that is wrong
 */
export function toolSettings(env: NodeJS.ProcessEnv): Settings {
  try {
    return readSettings(env);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
