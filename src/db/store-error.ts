/** The store gave no answer, or not a good one. For the log: clients are told 503 and no more. */
export class StoreError extends Error {
  override name = "StoreError";
}
