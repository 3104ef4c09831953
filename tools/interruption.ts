/** The person has broken it off. */
export class Interrupted extends Error {
  override name = "Interrupted";

  constructor() {
    super("broken off: run the same command again, and it goes on from there");
  }
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Gives work a signal that is aborted where this process is told to end, so that the work can clean up.
 * @throws Interrupted, after that
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const interrupt = () => controller.abort(new Interrupted());
  for (const signal of signals) process.on(signal, interrupt);
  try {
    return await work(controller.signal);
  } catch (error) {
    throw controller.signal.aborted ? new Interrupted() : error;
  } finally {
    for (const signal of signals) process.removeListener(signal, interrupt);
  }
}
