import type { OAuthSource } from "authentik-sources-edge";
import { html } from "hono/html";

/** Every value that `html` puts in is escaped. */
export const loginPage = (sources: OAuthSource[], authentikUrl: string) => html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Sign in</title>
    <link rel="stylesheet" href="/login.css">
  </head>
  <body>
    <main>
      <h1>Sign in</h1>
      <ul>
        ${sources.map((source) => button(source, authentikUrl))}
      </ul>
      <p><a href="${authentikUrl}">Sign in at authentik</a></p>
    </main>
  </body>
</html>
`;

function button(source: OAuthSource, authentikUrl: string) {
  const icon = iconOf(source, authentikUrl);
  return html`<li>
    <a class="source" href="${loginUrl(source, authentikUrl)}">
      ${icon ? html`<img src="${icon}" alt="">` : html`<span aria-hidden="true">${source.name.slice(0, 1)}</span>`}
      ${source.name}
    </a>
  </li>`;
}

/** authentik may stand below a path of its host. */
const loginUrl = ({ slug }: OAuthSource, authentikUrl: string) =>
  `${authentikUrl.replace(/\/+$/, "")}/source/oauth/login/${encodeURIComponent(slug)}/`;

/**
 * Where the icon of a source is: a URL, or a path on authentik's host. Since 2025.12 authentik sends it as `icon_url`. What
 * is no http(s), such as `fa:github`, is the name of a glyph in a font that this page does not have.
 */
function iconOf({ icon, icon_url = icon }: OAuthSource, authentikUrl: string): string | undefined {
  const url = icon_url ? URL.parse(icon_url, authentikUrl) : null;
  return url && /^https?:$/.test(url.protocol) ? url.href : undefined;
}
