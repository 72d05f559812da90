/** Between the first attempt at a new path and the second (ms). */
const FIRST_MS = 5_000;
/** Each wait is so much longer than the one before it. */
const GROWTH = 1.5;
/** No wait is longer: what helps may come at any time, a network that is back for instance (ms). */
const LONGEST_MS = 15_000;
/** Waits differ by as much to either side, so that two sides do not keep in step. */
const JITTER = 0.2;

/**
 * How long to wait after attempt number `attempt`, counted from 0, in milliseconds: 5 seconds at first, at
 * most 15, a fifth more or less. `random` is from 0 up to 1.
 */
export function backoff(attempt: number, random: number): number {
  const wait = Math.min(FIRST_MS * GROWTH ** attempt, LONGEST_MS);
  return Math.round(wait * (1 + JITTER * (2 * random - 1)));
}
