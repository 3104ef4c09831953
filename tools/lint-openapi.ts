import { formatProblems, getTotals, lintFromString, loadConfig } from "@redocly/openapi-core";
import { type Io, refuseArguments, type Tool } from "./command.ts";
import { assetsFolder, documentText } from "./openapi/assets.ts";

const about = `Lints the description of the API with Redocly's rules (.redocly.yaml), warnings counting as errors. It needs no network.`;

async function main(args: string[], { print }: Io) {
  refuseArguments(args);
  const config = await loadConfig({ configPath: ".redocly.yaml" });
  const problems = await lintFromString({ source: documentText, absoluteRef: `${assetsFolder}/openapi.json`, config });
  const totals = getTotals(problems);
  formatProblems(problems, { totals, version: "" });
  if (totals.errors + totals.warnings > 0) throw new Error("the description has problems");
  print("The description of the API is clean.");
}

export const tool: Tool = { name: "lint-openapi", about, main };
