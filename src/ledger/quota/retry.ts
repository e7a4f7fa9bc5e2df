import { dayLength } from "../accounts.ts";
import type { Session } from "../database/database.ts";
import { endOf } from "./ends.ts";
import type { FullScopes } from "./full-scopes.ts";
import type { Over } from "./room.ts";

/**
 * The earliest time, a whole second, at which all these limits may have room: when enough files have reached their
 * expiry, reservations that may come to nothing have been asked about, the day is over, the bucket has a token.
 * undefined when one of them never will.
 *
 * What it costs does not depend on how many files there are: a few hundred are looked at (see ends.ts). When these do
 * not make room enough, the time of the last of them is told, before which there is none.
 *
 * @param reader sees the ledger as it was committed.
 */
export async function retryAt(
  reader: Session,
  fullScopes: FullScopes,
  over: readonly Over[],
  now: Date,
): Promise<Date | undefined> {
  if (over.some(({ isHopeless }) => isHopeless)) return undefined;
  let latest = now.getTime();
  for (const one of over) {
    const until = await waitFor(reader, fullScopes, one, now);
    if (until === undefined) return undefined;
    latest = Math.max(latest, until);
  }
  return new Date(Math.ceil(latest / 1000) * 1000);
}

async function waitFor(
  reader: Session,
  fullScopes: FullScopes,
  { waitUntil, full, excess }: Over,
  now: Date,
): Promise<number | undefined> {
  if (waitUntil !== undefined) return waitUntil;
  if (full === undefined) return undefined;
  const ends = await fullScopes.endsIn(reader, full, excess, now);
  const until = endOf(excess, ends) ?? ends.until;
  if (full.day === undefined) return until;
  const midnight = full.day + dayLength;
  return Math.min(midnight, until ?? midnight);
}
