/** What a run takes from upstream at most. */
export interface Limits {
  /** For one attempt, its body included. */
  attemptMs: number;
  /**
   * For all that is asked of upstream in one reading. A run that others overtake reads three times at most, and has the 15
   * minutes that the platform gives a cron and an alarm.
   */
  runMs: number;
  /** For one page. */
  attempts: number;
  /** Before the second attempt, at most; twice as long before each further one. Jittered. */
  firstWaitMs: number;
  /** The longest `Retry-After` that a run waits for. */
  longestRetryAfterMs: number;
  redirects: number;
  /** Of one page, decompressed: a thousand sources are 1 to 2 MB, and 8 MiB at most, besides what stands around them. */
  pageBytes: number;
  /** Of all pages. A Worker has 128 MB, and its readers are in them too; a run takes four times what the list has. */
  listBytes: number;
  /** Values of one page, in any depth: an empty array has two bytes of text, and forty in memory. */
  pageValues: number;
  /** Values of all pages. */
  listValues: number;
  /** Newer versions of authentik give less than a thousand sources a page, as their administrator says. */
  pages: number;
  /** Walks over a list of several pages, of which two in a row must be equal. */
  walks: number;
  /** For one icon, its redirects and its body included. */
  iconMs: number;
  /** Of one icon, decompressed. */
  iconBytes: number;
  /** Of all icons that are stored, each image counted once. */
  allIconBytes: number;
  /** For icons in one run, redirects counted: the free plan has 50 subrequests for the whole run. The rest is for later runs. */
  iconRequests: number;
  iconsAtOnce: number;
}

export const defaultLimits: Limits = {
  attemptMs: 20_000,
  runMs: 240_000,
  attempts: 4,
  firstWaitMs: 500,
  longestRetryAfterMs: 30_000,
  redirects: 3,
  pageBytes: 9 * 1024 * 1024,
  listBytes: 24 * 1024 * 1024,
  pageValues: 1_000_000,
  listValues: 2_000_000,
  pages: 100,
  walks: 5,
  iconMs: 10_000,
  iconBytes: 256 * 1024,
  allIconBytes: 8 * 1024 * 1024,
  iconRequests: 20,
  iconsAtOnce: 4,
};
