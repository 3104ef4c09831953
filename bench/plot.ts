import type { Growth } from "./growth.ts";
import type { Measured, Results } from "./report.ts";

const font = 'font-family="system-ui, sans-serif" font-size="13"';
const colours = [
  "#2563eb",
  "#dc2626",
  "#059669",
  "#d97706",
  "#7c3aed",
  "#0891b2",
  "#be185d",
  "#4d7c0f",
  "#57534e",
  "#1e293b",
];

/** Dark where the reader's system is. */
const style = `<style>
text { fill: #1f2937 } .page { fill: #fff } .grid { stroke: #e5e7eb } .bar { fill: #60a5fa } .range { stroke: #1e3a8a }
@media (prefers-color-scheme: dark) {
  text { fill: #e5e7eb } .page { fill: #0d1117 } .grid { stroke: #30363d } .bar { fill: #2563eb } .range { stroke: #bfdbfe }
}
</style>`;

const svg = (width: number, height: number, content: string[]) =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ${font}>`,
    style,
    '<rect class="page" width="100%" height="100%"/>',
    ...content,
    "</svg>\n",
  ].join("\n");

/** A bar for each ratio, with the range of the rounds, and a mark where the goal is. */
function bars(results: Measured[]): string {
  const left = 330;
  const right = 40;
  const rowHeight = 30;
  const width = 900;
  const most = Math.max(...results.map(({ cpu, goal = 0 }) => Math.max(cpu.maximum, goal)));
  const x = (value: number) => left + (value / most) * (width - left - right);
  const content = results.flatMap(({ name, against, cpu, goal }, i) => {
    const y = 40 + i * rowHeight;
    return [
      `<text x="${left - 10}" y="${y + 14}" text-anchor="end">${name} : ${against}</text>`,
      `<rect x="${left}" y="${y}" width="${x(cpu.median) - left}" height="18" class="bar"/>`,
      `<line x1="${x(cpu.minimum)}" x2="${x(cpu.maximum)}" y1="${y + 9}" y2="${y + 9}" class="range"/>`,
      `<text x="${x(cpu.maximum) + 5}" y="${y + 14}">${cpu.median.toFixed(2)}</text>`,
      ...(goal === undefined
        ? []
        : [`<line x1="${x(goal)}" x2="${x(goal)}" y1="${y - 4}" y2="${y + 22}" stroke="#dc2626" stroke-width="2"/>`]),
    ];
  });
  const title =
    '<text x="20" y="24" font-weight="bold">Processor time for a request, as a ratio of two; red: the goal</text>';
  return svg(width, 60 + results.length * rowHeight, [title, ...content]);
}

/** Questions that tell what the others do too. */
const telling = [
  "default page",
  "last page",
  "last page, by slug",
  "search, nothing found",
  "search, all found",
  "slug",
  "provider_type",
  "consumer_key",
  "enabled",
  "profile_url",
];

/** Time or rows by size, both logarithmic: a line for each telling question. */
function lines(growth: Growth[], title: string, label: string, of: (point: Growth["points"][number]) => number) {
  const sizes = growth[0]?.points.map(({ sources }) => sources) ?? [];
  const all = growth.flatMap(({ points }) => points.map(of));
  return logarithmic(
    title,
    { label: "sources", range: [Math.min(...sizes), Math.max(...sizes)] },
    {
      label,
      range: [10 ** Math.floor(Math.log10(Math.min(...all))), 10 ** Math.ceil(Math.log10(Math.max(...all)))],
    },
    growth
      .filter(({ question }) => telling.includes(question))
      .map(({ question, points }) => ({
        name: question,
        points: points.map((point): [number, number] => [point.sources, of(point)]),
      })),
  );
}

interface Axis {
  label: string;
  range: [number, number];
}

/** Lines over logarithmic axes, with a grid line for each power of ten. */
function logarithmic(
  title: string,
  horizontal: Axis,
  vertical: Axis,
  series: { name: string; points: [number, number][] }[],
): string {
  const [width, height, left, top, plotWidth, plotHeight] = [900, 480, 70, 45, 540, 370];
  const scale = ([from, to]: [number, number], value: number) =>
    (Math.log10(Math.max(value, from)) - Math.log10(from)) / (Math.log10(to) - Math.log10(from));
  const x = (value: number) => left + scale(horizontal.range, value) * plotWidth;
  const y = (value: number) => top + plotHeight - scale(vertical.range, value) * plotHeight;
  const powers = ([from, to]: [number, number]) => {
    const first = Math.ceil(Math.log10(from) - 1e-9);
    return Array.from({ length: Math.floor(Math.log10(to) + 1e-9) - first + 1 }, (_, i) => 10 ** (first + i));
  };
  const text = (value: number) => (value >= 1 ? value.toLocaleString("en") : String(Number(value.toPrecision(1))));
  return svg(width, height, [
    `<text x="20" y="24" font-weight="bold">${title}</text>`,
    ...powers(horizontal.range).flatMap((value) => [
      `<line x1="${x(value)}" x2="${x(value)}" y1="${top}" y2="${top + plotHeight}" class="grid"/>`,
      `<text x="${x(value)}" y="${top + plotHeight + 18}" text-anchor="middle">${text(value)}</text>`,
    ]),
    ...powers(vertical.range).flatMap((value) => [
      `<line x1="${left}" x2="${left + plotWidth}" y1="${y(value)}" y2="${y(value)}" class="grid"/>`,
      `<text x="${left - 8}" y="${y(value) + 4}" text-anchor="end">${text(value)}</text>`,
    ]),
    `<text x="${left + plotWidth / 2}" y="${height - 12}" text-anchor="middle">${horizontal.label}</text>`,
    `<text x="${left - 8}" y="${top - 8}" text-anchor="end">${vertical.label}</text>`,
    ...series.flatMap(({ name, points }, i) => {
      const colour = colours[i % colours.length];
      const path = points.map(([a, b]) => `${x(a).toFixed(1)},${y(b).toFixed(1)}`).join(" ");
      const legend = top + 14 + i * 22;
      return [
        `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
        `<line x1="${left + plotWidth + 20}" x2="${left + plotWidth + 45}" y1="${legend - 4}" y2="${legend - 4}" stroke="${colour}" stroke-width="3"/>`,
        `<text x="${left + plotWidth + 52}" y="${legend}">${name}</text>`,
      ];
    }),
  ]);
}

/** What a request costs, one bar for each way to answer it; the page has twelve sources. */
function costs({ scenarios }: Results): string {
  const wanted: [label: string, name: string, against: string, side: "subject" | "base"][] = [
    ["a constant body: the floor", "hot hit", "a constant body", "base"],
    ["a hit in memory", "hot hit", "a constant body", "subject"],
    ["a hit in the data centre's cache", "hit in the Cache API", "a bare match", "subject"],
    ["a miss, from the store", "miss, 12 rows", "a raw POST", "subject"],
    ["Django REST framework", "hot hit, 12 rows", "Django", "base"],
  ];
  const found = wanted.flatMap(([label, name, against, side]) => {
    const measured = scenarios.find((each) => each.name === name && each.against === against);
    return measured ? [{ label, microseconds: Math.min(...measured[side].map((each) => each.cpuMicroseconds)) }] : [];
  });
  const [width, left, right, rowHeight] = [900, 250, 90, 34];
  const most = Math.max(...found.map(({ microseconds }) => microseconds));
  const content = found.flatMap(({ label, microseconds }, i) => {
    const y = 44 + i * rowHeight;
    const length = Math.max(2, (microseconds / most) * (width - left - right));
    return [
      `<text x="${left - 12}" y="${y + 15}" text-anchor="end">${label}</text>`,
      `<rect class="bar" x="${left}" y="${y}" width="${length.toFixed(1)}" height="20" rx="2"/>`,
      `<text x="${(left + length + 8).toFixed(1)}" y="${y + 15}">${Math.round(microseconds).toLocaleString("en")} µs</text>`,
    ];
  });
  const title = '<text x="20" y="24" font-weight="bold">Processor time for a page of twelve sources</text>';
  return svg(width, 56 + found.length * rowHeight, [title, ...content]);
}

/** The pictures of docs/performance.md, by the names of their files. */
export const plots = (results: Results): Record<string, string> => ({
  "costs.svg": costs(results),
  // On one axis with the others, ratios to Django would leave nothing of them to see.
  "scenarios.svg": bars(results.scenarios.filter(({ against }) => against !== "Django")),
  "growth.svg": lines(results.growth, "Time in the store, rows and count", "ms", ({ milliseconds }) => milliseconds),
  "rows.svg": lines(results.growth, "Rows read, rows and count", "rows", ({ rowsRead }) => rowsRead),
  "simulation.svg": logarithmic(
    "Reads of the store, simulated",
    { label: "requests a second, all data centres", range: [10, 1_000_000] },
    { label: "reads/s", range: [1, 10_000] },
    results.simulation.map(({ name, outcomes }) => ({
      name,
      points: outcomes.map((of): [number, number] => [of.requestsPerSecond, of.storeReadsPerSecond]),
    })),
  ),
});
