import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { openapiDocument } from "./document.ts";

/** The folder that wrangler.toml names under `[assets]`. */
export const assetsFolder = fileURLToPath(new URL("../../public", import.meta.url));

const pageFolder = fileURLToPath(new URL("page", import.meta.url));
const swaggerFolder = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));

const swaggerFiles = [
  "swagger-ui.css",
  "swagger-ui-bundle.js",
  "swagger-ui-bundle.js.LICENSE.txt",
  "favicon-32x32.png",
  "LICENSE",
  "NOTICE",
];

export const documentText = `${JSON.stringify(openapiDocument, null, 2)}\n`;

/** Makes what is served as it stands: the document at /openapi.json, the page at /docs/, and the headers of both. */
export function writeAssets(): void {
  write("openapi.json", Buffer.from(documentText));
  write("_headers", readFileSync(join(pageFolder, "_headers")));
  for (const name of ["index.html", "page.css", "page.js"]) write(`docs/${name}`, readFileSync(join(pageFolder, name)));
  for (const name of swaggerFiles) write(`docs/${name}`, readFileSync(join(swaggerFolder, name)));
}

/** Leaves a file alone that is right: every `wrangler dev` that runs watches the folder. */
function write(name: string, content: Buffer): void {
  const path = join(assetsFolder, name);
  if (existsSync(path) && readFileSync(path).equals(content)) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
