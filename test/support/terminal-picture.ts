/** Of SGR, what the tools write in a terminal. */
const classes: Record<string, string> = { 31: "red", 32: "green", 33: "yellow" };

/** Its groups stand between the texts of `split`. */
const colour = new RegExp(`${"\u001b"}\\[(\\d*)m`);

const escapeText = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** A line with its colours as tspans; what else a terminal would act upon is left out. */
function drawLine(line: string, y: number): string {
  const parts = line.split(colour);
  const spans = parts.flatMap((text, i) => {
    if (i % 2 === 1 || text === "") return [];
    const name = classes[parts[i - 1] ?? ""];
    return [name ? `<tspan class="${name}">${escapeText(text)}</tspan>` : escapeText(text)];
  });
  return `<text x="20" y="${y}" xml:space="preserve">${spans.join("")}</text>`;
}

/** Draws what a terminal showed. */
export function drawTerminal(title: string, lines: string[]): string {
  const height = 44 + lines.length * 19;
  const texts = lines.map((line, i) => drawLine(line, 38 + i * 19));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 920 ${height}" font-family="ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13" role="img" aria-labelledby="title">
<title id="title">${escapeText(title)}</title>
<style>rect { fill: #17191c } text { fill: #eceeed; white-space: pre } .red { fill: #ff8a80 } .green { fill: #5cc98b } .yellow { fill: #e2b04a }</style>
<rect width="920" height="${height}" rx="8"/>
${texts.join("\n")}
</svg>
`;
}
