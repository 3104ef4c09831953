import type { Oas3_1Definition } from "@redocly/openapi-core";
import manifest from "../../package.json" with { type: "json" };
import { paths, servers } from "./paths.ts";
import { headers, responseComponents } from "./responses.ts";
import { bodySchemas } from "./schemas.ts";

const description = `authentik's OAuth sources, read at the edge.

- All parameters are optional. The last of a repeated one counts; an empty one counts as not given; unknown ones are ignored.
- \`1\`, \`0\` and any letter case of \`true\` and \`false\` are booleans; a UUID may come without its hyphens.
- \`HEAD\` answers as \`GET\`, without the body; \`OPTIONS\` is a 204 with \`Allow\`; a path without its last slash is a 308 to the one with it.

This is a read replica. What it does not have is at authentik:

| Request | Here |
|---|---|
| \`GET\` of the paths below, at the root and at \`/api/v3\` | answered |
| \`POST\`, \`PUT\`, \`PATCH\` or \`DELETE\` of these paths | 405: sources are changed at authentik |
| any other path of authentik's API, such as \`/core/users/me/\`, \`/root/config/\`, \`/admin/version/\`, \`/sources/all/\` | 404 |

Both refusals carry a \`Link\` to this page.`;

const license = { name: manifest.license, identifier: manifest.license };

/** The description of the API. What it says of parameters and bodies, it takes from the code that reads and writes them. */
export const openapiDocument: Oas3_1Definition = {
  openapi: "3.1.1",
  info: {
    title: manifest.name,
    version: manifest.version,
    description,
    license,
  },
  servers,
  security: [{ bearer: [] }],
  tags: [
    { name: "sources", description: "What authentik calls OAuth sources: where people sign in with another account." },
    { name: "operation", description: "For those who run the Worker; only `/status` asks for a token." },
  ],
  paths,
  components: {
    securitySchemes: {
      bearer: {
        type: "http",
        scheme: "bearer",
        description:
          "A token of the store (under `npm run dev`: `dev-token`), or an access token of an OpenID provider that the Worker is configured with.",
      },
    },
    headers,
    responses: responseComponents,
    schemas: bodySchemas(),
  },
};
