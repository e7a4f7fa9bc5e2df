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
import type { Books } from "./unit-of-work.ts";

/**
 * Enters a reservation if there is room for it within all limits, charged to its rates.
 *
 * @param askAfter how long after its PUT URL has expired the store is asked; milliseconds.
 * @returns the limits that it is over; undefined when it was made, now or before.
 */
export async function reserveIn(
  books: Books,
  reservation: Reservation,
  limits: Limits,
  deps: RoomDeps & { readonly askAfter: number },
): Promise<readonly Over[] | undefined> {
  if (books.file(reservation.token) !== undefined) return undefined;
  const { now, askAfter } = deps;
  correctRates(books, reservation, limits, now);
  const over = await findRoom(books, reservation, limits, deps);
  if (over !== undefined) return over;
  const { putUntil, ...file } = reservation;
  const askAt = new Date(putUntil.getTime() + askAfter);
  books.add(
    { ...file, state: "reserved", reserved: now, askAt, completed: undefined },
    { reserved: now, now },
  );
  for (const { name, rate } of limits.rates) {
    const fullAt = books.rateFullAt(reservation.domain, name);
    books.setRate(reservation.domain, name, afterTaking(fullAt, now.getTime(), rate));
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
  books: Books,
  file: LedgerFile,
  limitsOf: (file: LedgerFile) => Limits,
  deps: RoomDeps & Pick<CompleteOptions, "askAgain">,
): Promise<Completion | "more"> {
  const { now, doomed, askAgain } = deps;
  const before = books.file(file.token);
  if (before === undefined) return "unknown";
  if (before.state === "complete" || before.state === "doomed") return before.state;
  const limits = limitsOf(before);
  const isLate = before.state === "lapsed";
  if (isLate) {
    // Its slot was given: it is not charged to the rate again, nor to another day than its own.
    const userDaily = isToday(dayOf(file.reserved), now) ? limits.userDaily : noLimits.userDaily;
    const over = await findRoom(books, file, { ...limits, userDaily, rates: [] }, deps);
    if (over !== undefined) {
      books.change(before, { state: "doomed", askAt: undefined });
      return "over";
    }
  }
  if ((await evictFor(books, file, limits, doomed)) === "more") return "more";
  const day = isLate ? { reserved: file.reserved, now } : "none";
  books.change(before, { state: "complete", size: file.size, askAt: askAgain, completed: now }, day);
  return "complete";
}

/** Puts right what a wrong clock or a slower rate has left behind, also when the request is then refused. */
function correctRates(books: Books, { domain }: Reservation, { rates }: Limits, now: Date): void {
  for (const { name, rate } of rates) {
    const fullAt = books.rateFullAt(domain, name);
    const corrected = plausible(fullAt, now.getTime(), rate);
    if (corrected !== fullAt) books.setRate(domain, name, corrected);
  }
}
