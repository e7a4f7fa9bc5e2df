import type { StreamProblemKind } from "./stream-problem.ts";

/** What the pause before the next attempt depends on. */
export interface Attempts {
  /** How many attempts in a row did not come online and stay there. */
  readonly failures: number;
  /** How often another component took the name over, without a good while online in between. */
  readonly replaced: number;
}

export const noAttempts: Attempts = { failures: 0, replaced: 0 };

const RETRY_FIRST = 500;
const RETRY_CAP = 30_000;
/** A standby looks more often: the other's end should be seen within seconds. */
const RETRY_CONFLICT = 4_000;
/** The longest pause of one that was replaced. */
const RETRY_REPLACED_CAP = 300_000;
/** After so many milliseconds online it counts no more that the name was taken over before: three of those pauses. */
export const KEPT_AFTER = 3 * RETRY_REPLACED_CAP;

/** The attempts so far, after one more that ended with a problem. */
export function afterProblem({ failures, replaced }: Attempts, kind: StreamProblemKind): Attempts {
  return { failures: failures + 1, replaced: kind === "replaced" ? replaced + 1 : replaced };
}

/** The attempts so far, after so many milliseconds online. */
export function afterOnline({ replaced }: Attempts, milliseconds: number): Attempts {
  return { failures: 0, replaced: milliseconds >= KEPT_AFTER ? 0 : replaced };
}

/**
 * Milliseconds until the next attempt: doubled with each failure up to 30 s, and a random half of it. `attempts` are
 * those before the problem.
 *
 * A server that disconnects the older of two components would have two slotd throw each other off at each attempt. So
 * the pause is doubled each time from 4 s to five minutes: one of them serves, and a handover is rare.
 */
export function pauseAfter(kind: StreamProblemKind, attempts: Attempts, random: () => number): number {
  return Math.round(longest(kind, attempts) * (0.5 + random() / 2));
}

function longest(kind: StreamProblemKind, { failures, replaced }: Attempts): number {
  switch (kind) {
    case "conflict":
      return RETRY_CONFLICT;
    case "replaced":
      return Math.min(RETRY_REPLACED_CAP, RETRY_CONFLICT * 2 ** Math.min(replaced, 16));
    default:
      return Math.min(RETRY_CAP, RETRY_FIRST * 2 ** Math.min(failures, 16));
  }
}
