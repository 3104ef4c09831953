/** What was answered in a minute of an outage. */
export interface Minute {
  authentik: number;
  replica: number;
}

const [left, width, top] = [150, 740, 44];

/** Stretches of minutes that went alike: from, to, and whether it was answered. */
function stretchesOf(statuses: number[]): [from: number, to: number, isGood: boolean][] {
  const stretches: [number, number, boolean][] = [];
  for (const [minute, status] of statuses.entries()) {
    const isGood = status === 200;
    const last = stretches.at(-1);
    if (last?.[2] === isGood) last[1] = minute + 1;
    else stretches.push([minute, minute + 1, isGood]);
  }
  return stretches;
}

/** Draws two lines of time: what authentik answered in each minute, and what the replica did. */
export function drawOutage(minutes: Minute[], seenAfter: number): string {
  const x = (minute: number) => Math.round(left + (minute * width) / minutes.length);
  const line = (name: keyof Minute, y: number) =>
    stretchesOf(minutes.map((minute) => minute[name])).map(
      ([from, to, isGood]) =>
        `<rect class="${isGood ? "good" : "bad"}" x="${x(from)}" y="${y}" width="${x(to) - x(from)}" height="30" rx="4"/>
<text class="band" x="${(x(from) + x(to)) / 2}" y="${y + 20}" text-anchor="middle">${isGood ? `${to - from} of ${to - from} answered` : `${to - from} min down`}</text>`,
    );
  const [, [downFrom = 0, downTo = 0] = []] = stretchesOf(minutes.map(({ authentik }) => authentik));
  const ticks = [0, downFrom, downTo, minutes.length].map(
    (minute) => `<text class="soft" x="${x(minute)}" y="24" text-anchor="middle">${minute} min</text>`,
  );
  const seen = x(downTo + seenAfter);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 920 184" font-family="system-ui, -apple-system, 'Segoe UI', sans-serif" font-size="13" role="img" aria-labelledby="title">
<title id="title">An outage of authentik in two lines of time: it is down from minute ${downFrom} to ${downTo}, and the replica answers in every minute.</title>
<style>
text { fill: #1f2937 } .soft { fill: #6b7280 } .name { font-weight: 600 } .good { fill: #bbf7d0 } .bad { fill: #fecaca } .mark { stroke: #2563eb; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .soft { fill: #9198a1 } .good { fill: #0f5323 } .bad { fill: #67231f } .mark { stroke: #58a6ff }
}
</style>
${ticks.join("\n")}
<text class="name" x="10" y="${top + 20}">authentik</text>
${line("authentik", top).join("\n")}
<text class="name" x="10" y="${top + 70}">the replica</text>
${line("replica", top + 50).join("\n")}
<path class="mark" d="M${seen} ${top + 44}V${top + 92}"/>
<text class="soft" x="${seen}" y="${top + 112}" text-anchor="end">a source that changed when authentik came back is seen ${seenAfter} min later, by the cron alone</text>
</svg>
`;
}
