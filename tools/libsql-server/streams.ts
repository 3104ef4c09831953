import { randomUUID } from "node:crypto";
import { ProtocolError, StatementError } from "./protocol.ts";
import { Stream } from "./stream.ts";
import { WriteLock } from "./write-lock.ts";

/** A stream between two requests of its client, or in the middle of one. */
interface Entry {
  id: string;
  stream: Stream;
  /** How many requests there have been. Part of the baton, so that each works once. */
  turn: number;
  timer?: NodeJS.Timeout;
}

export interface StreamsOptions {
  file: string;
  idleMs: number;
  transactionMs: number;
}

/** The streams of a server, by the batons that their clients have been given. */
export class Streams {
  readonly #options: StreamsOptions;
  readonly #lock: WriteLock;
  readonly #open = new Map<string, Entry>();
  readonly #expired = new Set<string>();
  readonly #spare: Stream[] = [];

  constructor(options: StreamsOptions) {
    this.#options = options;
    this.#lock = new WriteLock(options.transactionMs);
  }

  /**
   * Runs something on the stream that a baton stands for, or on a new one.
   * @throws ProtocolError, which ends the stream
   */
  async use<T>(baton: string | null | undefined, run: (stream: Stream) => Promise<T>) {
    const entry = baton === null || baton === undefined ? this.#begin() : this.#resume(baton);
    try {
      const result = await run(entry.stream);
      return { result, baton: entry.stream.isClosed ? this.#finish(entry) : this.#park(entry) };
    } catch (error) {
      this.#finish(entry);
      throw error;
    }
  }

  end(): void {
    for (const { stream, timer } of this.#open.values()) {
      clearTimeout(timer);
      stream.end();
    }
    for (const stream of this.#spare) stream.end();
  }

  #begin(): Entry {
    const stream = this.#spare.pop() ?? new Stream(this.#options.file, this.#lock);
    const entry = { id: randomUUID(), stream, turn: 0 };
    this.#open.set(entry.id, entry);
    return entry;
  }

  #resume(baton: string): Entry {
    const [id = "", turn] = baton.split(".");
    if (this.#expired.has(id)) throw new StatementError("STREAM_EXPIRED", "The stream has expired due to inactivity");
    const entry = this.#open.get(id);
    if (!entry) throw new ProtocolError("Received an invalid baton");
    if (turn !== String(entry.turn)) throw new ProtocolError("Received a baton that has already been used");
    entry.turn++;
    clearTimeout(entry.timer);
    return entry;
  }

  /** Keeps it for the client's next request. */
  #park(entry: Entry): string {
    entry.timer = setTimeout(() => {
      this.#finish(entry);
      this.#expired.add(entry.id);
    }, this.#options.idleMs);
    return `${entry.id}.${entry.turn}`;
  }

  /** Rolls back what is open, and keeps the connection for another client. */
  #finish({ id, stream }: Entry): null {
    this.#open.delete(id);
    stream.reset();
    this.#spare.push(stream);
    return null;
  }
}
