import { dayOf } from "../accounts.ts";
import type { Session } from "../database/database.ts";
import type { Holding, Reservation } from "../ledger.ts";
import { type Ends, endsOfAccounts, endsOfParts, reservedEnds } from "./ends.ts";
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
  reservation: Pick<Reservation, "domain" | "jid">,
  over: readonly Over[],
  now: Date,
): Promise<Date | undefined> {
  if (over.some(({ isHopeless }) => isHopeless)) return undefined;
  let latest = now.getTime();
  for (const one of over) {
    const until = await waitFor(reader, reservation, one, now);
    if (until === undefined) return undefined;
    latest = Math.max(latest, until);
  }
  return new Date(Math.ceil(latest / 1000) * 1000);
}

async function waitFor(
  reader: Session,
  { domain, jid }: Pick<Reservation, "domain" | "jid">,
  { waitUntil, scope, excess, evictable }: Over,
  now: Date,
): Promise<number | undefined> {
  if (waitUntil !== undefined) return waitUntil;
  if (scope?.column === "account")
    return roomAt(excess, await endsOfAccounts(reader, scope.where, evictable));
  if (scope !== undefined) return roomAt(excess, await endsOfParts(reader, scope.where, evictable));
  const midnight = (dayOf(now) + 1) * 86_400_000;
  const ofUser = { sql: "a.domain = $1 AND a.jid = $2", values: [domain, jid] };
  const lapses = await reservedEnds(reader, ofUser, midnight - 86_400_000);
  return Math.min(midnight, roomAt(excess, lapses) ?? midnight);
}

/** When so much has ended; undefined: never. */
function roomAt({ bytes, files }: Holding, { ends, until }: Ends): number | undefined {
  let freed = 0;
  for (const [i, { size, at }] of ends.entries()) {
    if (until !== undefined && at > until) return until;
    freed += size;
    if (freed >= bytes && i + 1 >= files) return at;
  }
  return until;
}
