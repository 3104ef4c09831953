/** Says on stderr what takes its time now, since stdout holds the tables. */
export const say = (step: string): void => console.error(`${Math.round(performance.now() / 1000)} s: ${step}`);
