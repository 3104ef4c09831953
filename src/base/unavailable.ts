/** The store gave no answer, or not a good one. The message is for the log: clients are told 503 and no more. */
export class Unavailable extends Error {
  override name = "Unavailable";
}
