import { html } from "hono/html";

/** White has a contrast of more than 4.5 to each. */
const colours = ["#0a6b62", "#7a3e9d", "#a13d2d", "#1f5fa8", "#5b6b12", "#9a3c6b"];

/** A letter in a coloured disc, for a source without an icon: an SVG, in a page or on its own. */
export function disc(name: string) {
  const [letter = "?"] = name;
  const sum = [...name].reduce((sum, character) => sum + (character.codePointAt(0) ?? 0), 0);
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="12" fill="${colours[sum % colours.length]}"/><text x="12" y="12" dy=".36em" text-anchor="middle" font-family="system-ui, sans-serif" font-size="13" font-weight="600" fill="#fff">${letter.toUpperCase()}</text></svg>`;
}
