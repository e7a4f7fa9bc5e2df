import type { LedgerFile } from "./ledger.ts";

/** More attempts than these are not told apart. */
const mostAttempts = 1_000_000;

/**
 * When a file pending deletion is due that could not be removed so often: always, but after those with fewer attempts.
 * The ledger gives what has waited longest first, and these are the first milliseconds of 1970.
 */
export function afterAttempts(attempts: number): Date {
  return new Date(Math.min(attempts, mostAttempts));
}

/** How often a file pending deletion could not be removed. */
export function attemptsOf(file: LedgerFile): number {
  return wasRemoved(file) ? 0 : (file.askAt?.getTime() ?? 0);
}

/**
 * Whether a file pending deletion was removed before, or never came, and waits to be removed because something may
 * (still) bring it.
 */
export function wasRemoved({ askAt }: LedgerFile): boolean {
  return askAt !== undefined && askAt.getTime() > mostAttempts;
}
