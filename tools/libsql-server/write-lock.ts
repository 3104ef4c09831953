import { StatementError } from "./protocol.ts";

/** A stream that may have to give the lock up. */
interface Holder {
  /** Rolls its transaction back, and lets its next request know. @returns false in the middle of a request, which may end */
  timeOut(): boolean;
}

/**
 * Knows which stream of a server writes. As on the real server, a transaction may be open for as long as it likes while nobody
 * waits; where another stream does, it is rolled back after some seconds.
 */
export class WriteLock {
  readonly #transactionMs: number;
  #held: { by: Holder; since: number } | undefined;

  constructor(transactionMs: number) {
    this.#transactionMs = transactionMs;
  }

  isHeldBy(stream: Holder): boolean {
    return this.#held?.by === stream;
  }

  release(stream: Holder): void {
    if (this.isHeldBy(stream)) this.#held = undefined;
  }

  /**
   * Tries to take the lock until it can be had. The engine is synchronous: waiting inside it would keep the holder from ever
   * giving the lock back.
   */
  async take(stream: Holder, attempt: () => void): Promise<void> {
    const deadline = Date.now() + this.#transactionMs;
    while (!succeeds(attempt)) {
      if (!this.#held) {
        // It is another process that writes to the file: that one cannot be told to stop.
        if (Date.now() > deadline) throw new StatementError("SQLITE_BUSY", "SQLite error: database is locked");
      } else if (Date.now() >= this.#held.since + this.#transactionMs && this.#held.by.timeOut()) {
        continue;
      }
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
    this.#held = { by: stream, since: Date.now() };
  }
}

const pollMs = 5;

/** False where the lock is taken. An SQLITE_BUSY_SNAPSHOT is thrown: what has been read is no longer so, and waiting is no help. */
function succeeds(attempt: () => void): boolean {
  try {
    attempt();
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "SQLITE_BUSY") return false;
    throw error;
  }
}
