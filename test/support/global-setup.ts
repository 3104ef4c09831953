import type { TestProject } from "vitest/node";
import { writeAssets } from "../../tools/openapi/assets.ts";

/**
 * Makes public/, without which neither wrangler nor a Worker starts, and starts the lab where a test may ask for it. That is
 * done here and not in the configuration of those projects, for which Vite would transform all of wrangler.
 */
export default async function setup(project: TestProject) {
  writeAssets();
  const { projects } = project.vitest;
  const large = projects.find(({ name }) => name === "slow properties")?.getProvidedContext().dose;
  if (large) console.log(`The slow room tries properties with SEED=${large.seed}.`);
  const slow = projects.find(({ name }) => name === "slow");
  if (slow) console.log(`The model plays histories with MODEL_SEED=${slow.config.env.MODEL_SEED}.`);
  if (!projects.some(({ name }) => ["worker", "slow properties", "api"].includes(name))) return;
  const { startLab } = await import("./lab.ts");
  return startLab(project);
}
