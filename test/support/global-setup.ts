import type { TestProject } from "vitest/node";
import { writeAssets } from "../../tools/openapi/assets.ts";

/**
 * Makes public/, without which neither wrangler nor a Worker starts, and what the worker room needs where that is run. It stands
 * here and not in that room's own configuration, which would have Vite transform all of wrangler for the Workers runtime.
 */
export default async function setup(project: TestProject) {
  writeAssets();
  if (!project.vitest.projects.some(({ name }) => name === "worker")) return;
  const { startLab } = await import("./lab.ts");
  return startLab(project);
}
