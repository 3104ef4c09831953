/** The store gave no answer, or not a good one. The message is for the log: clients are told 503 and no more. */
export class Unavailable extends Error {
  override name = "Unavailable";

  /** A sentence that names what is missing and the command that makes it, where that is known. Nothing in it is secret. */
  readonly remedy: string | undefined;

  constructor(message: string, { remedy, ...options }: ErrorOptions & { remedy?: string | undefined } = {}) {
    super(message, options);
    this.remedy = remedy;
  }
}
