/** What a run takes from upstream at most. */
export const defaultLimits = {
  /** For one attempt, its body included. */
  attemptMs: 20_000,
  /**
   * For all that is asked of upstream in one reading. A run that others overtake reads three times at most, and has the 15
   * minutes that the platform gives a cron and an alarm.
   */
  runMs: 240_000,
  /** For one page. */
  attempts: 4,
  /** Before the second attempt, at most; twice as long before each further one. Jittered. */
  firstWaitMs: 500,
  /** The longest `Retry-After` that a run waits for. */
  longestRetryAfterMs: 30_000,
  redirects: 3,
  /** The bytes of one page, decompressed: a thousand sources have 1 to 2 MB, and 8 MiB at most. */
  pageBytes: 9 * 1024 * 1024,
  /** The bytes of all pages: a run takes four times as much memory, of the 128 MB that a Worker has for its readers too. */
  listBytes: 24 * 1024 * 1024,
  /** Values of one page, in any depth: an empty array has two bytes of text, and forty in memory. */
  pageValues: 1_000_000,
  /** Values of all pages. */
  listValues: 2_000_000,
  /** Newer versions of authentik give less than a thousand sources a page, as their administrator says. */
  pages: 100,
  /** Walks over a list of several pages, of which two in a row must be equal. */
  walks: 5,
  /** For one icon, its redirects and its body included. */
  iconMs: 10_000,
  /** The bytes of one icon, decompressed. */
  iconBytes: 256 * 1024,
  /** The bytes of all stored icons, each image counted once. */
  allIconBytes: 8 * 1024 * 1024,
  /** For icons in one run, redirects counted: the free plan has 50 subrequests for the whole run. The rest is for later runs. */
  iconRequests: 20,
  iconsAtOnce: 4,
};

export type Limits = typeof defaultLimits;
