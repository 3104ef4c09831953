import type { OAuthSource } from "authentik-sources-edge";
import { html } from "hono/html";
import { disc } from "./disc";

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
  return html`<li>
    <a class="source" href="${loginUrl(source, authentikUrl)}">
      ${namesIcon(source) ? icon(source) : disc(source.name)}
      ${source.name}
    </a>
  </li>`;
}

/** From this Worker, in the theme that the browser prefers. */
function icon({ slug }: OAuthSource) {
  const url = `/icons/${encodeURIComponent(slug)}`;
  return html`<picture>
        <source srcset="${url}?theme=dark" media="(prefers-color-scheme: dark)">
        <img src="${url}?theme=light" alt="">
      </picture>`;
}

/** authentik may stand below a path of its host. */
const loginUrl = ({ slug }: OAuthSource, authentikUrl: string) =>
  `${authentikUrl.replace(/\/+$/, "")}/source/oauth/login/${encodeURIComponent(slug)}/`;

/** Since 2025.12 authentik sends an icon's address as `icon_url`. What is none, such as `fa://fa-github`, names a glyph of a font. */
const namesIcon = ({ icon, icon_url, icon_themed_urls: themed }: OAuthSource) =>
  [icon_url || icon, ...Object.values(themed ?? {})].some((address) => /^(\/|https?:|data:)/i.test(String(address)));
