/** Why a run did not take the list: a sentence for a person, without the token. */
export class SyncError extends Error {
  override name = "SyncError";
}

/** The request may be answered in a moment, and is tried again. */
export class Passing extends SyncError {
  /** The least to wait before that, in milliseconds. */
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs = 0) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** The list changed while it was read: another walk may be lucky. */
export class Unsettled extends SyncError {}

/** Other writers were faster; nothing was written. */
export class Superseded extends SyncError {}
