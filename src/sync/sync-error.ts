/** Why a run of the sync did not take the list: a sentence for a person. */
export class SyncError extends Error {
  override name = "SyncError";
}

/** A fault that may be gone in a moment. */
export class PassingFault extends SyncError {
  override name = "PassingFault";
  /** How long upstream asks to be left alone, in milliseconds. */
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs = 0) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}
