import { dayOf, isToday } from "./accounts.ts";
import {
  type CompleteOptions,
  type Completion,
  type LedgerFile,
  type Limits,
  noLimits,
  type Reservation,
} from "./ledger.ts";
import { evictFor } from "./quota/evict.ts";
import { afterTaking, plausible } from "./quota/rate.ts";
import { findRoom, type Over, type RoomDeps } from "./quota/room.ts";
import type { UnitOfWork } from "./unit-of-work.ts";

/**
 * Enters a reservation if there is room for it within all limits, charged to its rates.
 *
 * @param askAfter how long after its PUT URL has expired the store is asked; milliseconds.
 * @returns the limits that it is over; undefined when it was made, now or before.
 */
export async function reserveIn(
  work: UnitOfWork,
  reservation: Reservation,
  limits: Limits,
  deps: RoomDeps & { readonly askAfter: number },
): Promise<readonly Over[] | undefined> {
  if (work.file(reservation.token) !== undefined) return undefined;
  const { now, askAfter } = deps;
  correctRates(work, reservation, limits, now);
  const over = await findRoom(work, reservation, limits, deps);
  if (over !== undefined) return over;
  const { putUntil, ...file } = reservation;
  const askAt = new Date(putUntil.getTime() + askAfter);
  work.add(
    { ...file, state: "reserved", reserved: now, askAt, completed: undefined },
    { reserved: now, now },
  );
  for (const { name, rate } of limits.rates) {
    const fullAt = work.rateFullAt(reservation.domain, name);
    work.setRate(reservation.domain, name, afterTaking(fullAt, now.getTime(), rate));
  }
  return undefined;
}

/**
 * Makes a file complete, in place of older ones where the limits say so.
 *
 * @param file with the size that it has.
 * @returns "more" when this transaction has evicted enough: it is not complete yet, and has to be tried again.
 */
export async function completeIn(
  work: UnitOfWork,
  file: LedgerFile,
  limitsOf: (file: LedgerFile) => Limits,
  deps: RoomDeps & Pick<CompleteOptions, "askAgain">,
): Promise<Completion | "more"> {
  const { now, evicted, askAgain } = deps;
  const before = work.file(file.token);
  if (before === undefined) return "unknown";
  if (before.state === "complete" || before.state === "pending-deletion") return before.state;
  const limits = limitsOf(before);
  const isLate = before.state === "abandoned";
  if (isLate) {
    // Its slot was given: it is not charged to the rate again, nor to another day than its own.
    const userDaily = isToday(dayOf(file.reserved), now) ? limits.userDaily : noLimits.userDaily;
    const over = await findRoom(work, file, { ...limits, userDaily, rates: [] }, deps);
    if (over !== undefined) {
      work.change(before, { state: "pending-deletion", askAt: undefined });
      return "over";
    }
  }
  if ((await evictFor(work, file, limits, evicted)) === "more") return "more";
  const day = isLate ? { reserved: file.reserved, now } : "none";
  work.change(before, { state: "complete", size: file.size, askAt: askAgain, completed: now }, day);
  return "complete";
}

/** Puts right what a wrong clock or a slower rate has left behind, also when the request is then refused. */
function correctRates(work: UnitOfWork, { domain }: Reservation, { rates }: Limits, now: Date): void {
  for (const { name, rate } of rates) {
    const fullAt = work.rateFullAt(domain, name);
    const corrected = plausible(fullAt, now.getTime(), rate);
    if (corrected !== fullAt) work.setRate(domain, name, corrected);
  }
}
