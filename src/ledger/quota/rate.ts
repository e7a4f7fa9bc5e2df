import type { Rate } from "../ledger.ts";

/** The clocks of two slotd that share a ledger may differ by this much; milliseconds. */
export const clockDifference = 10_000;

/*
 * A token bucket is kept as the one moment at which it is full again. It holds `burst` tokens and gets one each
 * `interval`; taking one puts that moment off by an interval.
 */

/**
 * The first moment at which a slot may be given.
 *
 * @param fullAt when the bucket is full again; in the past, it is full. Milliseconds, as the result.
 */
export function mayTakeAt(fullAt: number, { slotsPerMinute, burst }: Rate): number {
  return fullAt - (burst - 1) * (60_000 / slotsPerMinute);
}

/** When the bucket is full again after a slot was given now. */
export function afterTaking(fullAt: number, now: number, { slotsPerMinute }: Rate): number {
  return Math.max(fullAt, now) + 60_000 / slotsPerMinute;
}

/**
 * The moment at which a bucket is full again, as it can be by the rate in force: an empty one fills in `burst`
 * intervals. A later one comes of a clock that was wrong or of a slower rate, and would lock its name out for as long.
 */
export function plausible(fullAt: number, now: number, { slotsPerMinute, burst }: Rate): number {
  const latest = now + burst * (60_000 / slotsPerMinute);
  return fullAt > latest + clockDifference ? latest : fullAt;
}
