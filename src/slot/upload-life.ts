import type { Seconds } from "./slot.ts";

/** An upload that comes to slotd is cut off after so long, at whatever pace it comes. */
export const longestUpload: Seconds = 23 * 3600;

/**
 * When a PUT URL has been void for so long, no upload that it began can become a file any more: the longest upload,
 * and an hour for stores that take their time at its end and for clocks that disagree.
 */
export const longestArrival: Seconds = 24 * 3600;

/** How long after the end of a PUT URL a deleted file is removed again, and what the first pause after that is. */
const [first, shortestPause]: readonly [Seconds, Seconds] = [10, 60];

/** A slot whose file was deleted. */
export interface DeletedSlot {
  /** When the slot was given. */
  readonly reserved: Date;
  /** How long its PUT URL is valid; 1 to 604800. */
  readonly expiresIn: Seconds;
}

/**
 * When the file of a deleted slot, which has been removed at `now`, is to be removed again: its PUT URL, or an upload
 * that has begun, may bring it once more. Soon after the end of the PUT URL and then ever more seldom, so that a file
 * which came some time after that end has gone after four times that time.
 *
 * @returns undefined when nothing can bring it any more: it may be forgotten.
 */
export function nextRemoval({ reserved, expiresIn }: DeletedSlot, now: Date): Date | undefined {
  const putUntil = reserved.getTime() + expiresIn * 1000;
  const end = putUntil + longestArrival * 1000;
  const since = now.getTime() - putUntil;
  if (now.getTime() >= end) return undefined;
  const next =
    since < 0 ? putUntil + first * 1000 : now.getTime() + Math.max(shortestPause * 1000, 3 * since);
  return new Date(Math.min(next, end));
}
