import type { Account } from "../accounts.ts";
import type { Allowance, Holding, Limits, Reservation } from "../ledger.ts";

/** What is asked for: one more file. */
export type Asked = Pick<Reservation, "purpose" | "size">;

/** How a limit stands: what is used of it, and what is allowed. */
export interface Standing {
  readonly used: Holding;
  readonly allowed: Holding;
}

/**
 * No limit goes past this, 4 PiB: reserved and complete files may each come up to it (`delete-oldest`), and their sum
 * is then still exact.
 */
const most = 2 ** 52;

/**
 * Where nothing is limited, one file takes at most this part of what can still be counted: at first 1 TiB, the largest
 * size there is. So those who reserve much are refused long before those who need little.
 */
const largestShare = 4096;

/** How a limit of what is counted plainly stands. */
export function standingOf(used: Holding, { bytes, files }: Allowance): Standing {
  const rest = Math.max(0, most - used.bytes);
  return {
    used,
    allowed: {
      bytes: bytes === undefined ? used.bytes + Math.floor(rest / largestShare) : Math.min(bytes, most),
      files: Math.min(files ?? most, most),
    },
  };
}

/**
 * How the limit of a scope stands before one more file is reserved.
 *
 * With `delete-oldest` files that can be evicted are not in the way of a reservation, for they go when its upload is
 * complete. What is: all that is reserved for a purpose in `mayDelete`, and for each other purpose the larger one of
 * what is complete and what is reserved, since its files are replaced by those of the same purpose only. While the sum
 * of these is within the limit, uploads may complete in any order or not at all, and each finds enough to evict.
 */
export function standingBefore(
  asked: Asked,
  accounts: readonly Account[],
  allowance: Allowance,
  limits: Pick<Limits, "whenFull" | "mayDelete">,
): Standing {
  const held = heldBy(accounts);
  const { allowed } = standingOf(held, allowance);
  if (limits.whenFull === "refuse") return { used: held, allowed };
  const committed = committedBy(accounts, limits.mayDelete, asked);
  const used = {
    bytes: allowance.bytes === undefined ? held.bytes : committed.bytes - asked.size,
    files: allowance.files === undefined ? held.files : committed.files - 1,
  };
  return { used, allowed };
}

/** What these accounts hold together. */
export function heldBy(accounts: readonly Account[]): Holding {
  const sum = { bytes: 0, files: 0 };
  for (const { bytes, files } of accounts) {
    sum.bytes += bytes;
    sum.files += files;
  }
  return sum;
}

/** What of it is complete. */
export function completeOf(accounts: readonly Account[]): Holding {
  const sum = { bytes: 0, files: 0 };
  for (const { bytes, files, reservedBytes, reservedFiles } of accounts) {
    sum.bytes += bytes - reservedBytes;
    sum.files += files - reservedFiles;
  }
  return sum;
}

/** What will be left at least when the reservations of these accounts, and one more, have all become files. */
export function committedBy(
  accounts: readonly Account[],
  mayDelete: Limits["mayDelete"],
  asked: Asked | undefined,
): Holding {
  const sum = { bytes: 0, files: 0 };
  for (const { row, bytes, files, reservedBytes, reservedFiles } of accounts) {
    const isAsked = row.purpose === asked?.purpose;
    const reserved = {
      bytes: reservedBytes + (isAsked ? asked.size : 0),
      files: reservedFiles + (isAsked ? 1 : 0),
    };
    const isEvictable = mayDelete.includes(row.purpose);
    sum.bytes += isEvictable ? reserved.bytes : Math.max(bytes - reservedBytes, reserved.bytes);
    sum.files += isEvictable ? reserved.files : Math.max(files - reservedFiles, reserved.files);
  }
  return sum;
}

/** By how much one more file of this size would be over; 0 and 0 when it fits. */
export function excess({ used, allowed }: Standing, size: number): Holding {
  return {
    bytes: Math.max(0, used.bytes + size - allowed.bytes),
    files: Math.max(0, used.files + 1 - allowed.files),
  };
}

/** Whether there is any excess. */
export function isOver({ bytes, files }: Holding): boolean {
  return bytes > 0 || files > 0;
}

/** Whether a file of this size could be held if nothing else were. */
export function couldFit(size: number, allowance: Allowance): boolean {
  return !isOver(excess(standingOf({ bytes: 0, files: 0 }, allowance), size));
}
