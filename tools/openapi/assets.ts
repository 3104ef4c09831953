import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import manifest from "../../package.json" with { type: "json" };
import { sentences } from "../../src/sync/warning.ts";
import { openapiDocument } from "./document.ts";

/** The folder that wrangler.toml names under `[assets]`. */
export const assetsFolder = fileURLToPath(new URL("../../public", import.meta.url));

const pageFolder = fileURLToPath(new URL("page", import.meta.url));
const swaggerFolder = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));

const swaggerFiles = [
  "swagger-ui.css",
  "swagger-ui-bundle.js",
  "swagger-ui-bundle.js.LICENSE.txt",
  "LICENSE",
  "NOTICE",
];

export const documentText = `${JSON.stringify(openapiDocument, null, 2)}\n`;

/** Files of both pages. They are all below docs/, so that no path of the Worker can be hidden by one of them. */
const pageFiles = ["index.html", "page.css", "page.js", "home.css", "home.js", "colours.css", "icon.svg"];

/** Where people read the code: the repository of package.json, which is the one place that names it. */
export const repositoryUrl = manifest.repository.url.replace(/^git\+|\.git$/g, "");

/**
 * Makes what is served as it stands: the document at /openapi.json, the pages at /docs/ and (by `_redirects`) at /, and
 * headers.
 * @param folder `npm run dev` has one of its own, which no deployment looks into
 * @param developmentToken what the page at / knows, in that folder alone
 */
export function writeAssets(folder = assetsFolder, developmentToken?: string): void {
  /** Leaves a file alone that is right: every `wrangler dev` that runs watches the folder. */
  function write(name: string, content: Buffer): void {
    const path = join(folder, name);
    if (existsSync(path) && readFileSync(path).equals(content)) return;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }

  write("openapi.json", Buffer.from(documentText));
  for (const name of ["_headers", "_redirects"]) write(name, readFileSync(join(pageFolder, name)));
  for (const name of pageFiles) write(`docs/${name}`, readFileSync(join(pageFolder, name)));
  write("docs/oddities.js", Buffer.from(`export const oddities = ${JSON.stringify(sentences, null, 2)};\n`));
  const home = readFileSync(join(pageFolder, "home.html"), "utf8").replace("{{repository}}", repositoryUrl);
  const body = developmentToken === undefined ? "<body>" : `<body data-development-token="${developmentToken}">`;
  write("docs/home.html", Buffer.from(home.replace("<body>", body)));
  for (const name of swaggerFiles) write(`docs/${name}`, readFileSync(join(swaggerFolder, name)));
}
