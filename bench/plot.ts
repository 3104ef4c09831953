import type { Growth } from "./growth.ts";
import type { Ratio } from "./measure.ts";

interface Bar {
  name: string;
  against: string;
  throughput: Ratio;
  goal?: number;
}

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

const svg = (width: number, height: number, content: string[]) =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ${font}>`,
    '<rect width="100%" height="100%" fill="white"/>',
    ...content,
    "</svg>\n",
  ].join("\n");

/** A bar for each ratio, with the range of the rounds, and a mark where the goal is. */
export function bars(results: Bar[]): string {
  const left = 330;
  const right = 40;
  const rowHeight = 30;
  const width = 900;
  const most = Math.max(...results.map(({ throughput, goal = 0 }) => Math.max(throughput.maximum, goal)));
  const x = (value: number) => left + (value / most) * (width - left - right);
  const content = results.flatMap(({ name, against, throughput, goal }, i) => {
    const y = 40 + i * rowHeight;
    return [
      `<text x="${left - 10}" y="${y + 14}" text-anchor="end">${name} : ${against}</text>`,
      `<rect x="${left}" y="${y}" width="${x(throughput.median) - left}" height="18" fill="#93c5fd"/>`,
      `<line x1="${x(throughput.minimum)}" x2="${x(throughput.maximum)}" y1="${y + 9}" y2="${y + 9}" stroke="#1e3a8a"/>`,
      `<text x="${x(throughput.maximum) + 5}" y="${y + 14}">${throughput.median.toFixed(2)}</text>`,
      ...(goal === undefined
        ? []
        : [`<line x1="${x(goal)}" x2="${x(goal)}" y1="${y - 4}" y2="${y + 22}" stroke="#dc2626" stroke-width="2"/>`]),
    ];
  });
  const title = '<text x="20" y="24" font-weight="bold">Throughput, as a ratio of two; red: the goal</text>';
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
export function lines(growth: Growth[], title: string, label: string, of: (point: Growth["points"][number]) => number) {
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
export function logarithmic(
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
      `<line x1="${x(value)}" x2="${x(value)}" y1="${top}" y2="${top + plotHeight}" stroke="#e5e7eb"/>`,
      `<text x="${x(value)}" y="${top + plotHeight + 18}" text-anchor="middle">${text(value)}</text>`,
    ]),
    ...powers(vertical.range).flatMap((value) => [
      `<line x1="${left}" x2="${left + plotWidth}" y1="${y(value)}" y2="${y(value)}" stroke="#e5e7eb"/>`,
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
