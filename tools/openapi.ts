import type { Io, Tool } from "./command.ts";
import { writeAssets } from "./openapi/assets.ts";

const about = `Makes the static files of the Worker in public/: openapi.json from the schemas of the code, the page at /docs/ that shows it, and the
page at /.
wrangler runs it before it bundles (wrangler.toml, [build]), and the tests before they start.`;

async function main(_: string[], { env }: Io) {
  writeAssets();
  // Set by tools/dev/inside-wrangler.ts alone.
  if (env.DEV_ASSETS) writeAssets(env.DEV_ASSETS, env.DEV_ASSETS_TOKEN);
}

export const tool: Tool = { name: "openapi", about, main };
