import { dayOf } from "./accounts.ts";
import type { Row, Session } from "./database.ts";
import type { Holding, Reservation } from "./ledger.ts";
import type { Over } from "./room.ts";
import { accountsFirst, filesFirst } from "./rows.ts";
import type { Scope } from "./scopes.ts";

/** How many files are looked at to tell a time; past them, what is told is a time that is too early. */
const mostFiles = 10_000;

/** How long after the moment at which it is due the store has been asked about a reservation; milliseconds. */
const askingTakes = 5_000;

/**
 * The earliest time, a whole second, at which all these limits may have room: when enough files have reached their
 * expiry, reservations that may come to nothing have been asked about, the day is over, the bucket has a token.
 * undefined when one of them never will.
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
  if (scope !== undefined) return roomAt(excess, await endsIn(reader, scope, evictable));
  const midnight = (dayOf(now) + 1) * 86_400_000;
  const lapses = await reader.query(
    `SELECT f.size, f.ask_at + ${askingTakes} AS ends ${filesFirst} f.ask_at IS NOT NULL AND f.state = 0 AND a.domain = $1 AND a.jid = $2 AND f.reserved_at >= $3
      ORDER BY f.ask_at LIMIT ${mostFiles}`,
    [domain, jid, midnight - 86_400_000],
  );
  return Math.min(midnight, roomAt(excess, lapses) ?? midnight);
}

/** When the files of a scope end, those first that end first; without those that are not in the way. */
async function endsIn(
  reader: Session,
  { where, by }: Scope,
  evictable: readonly string[],
): Promise<readonly Row[]> {
  const marks = evictable.map((_, i) => `$${where.values.length + 1 + i}`).join(", ");
  const inTheWay = evictable.length === 0 ? "" : `AND a.purpose NOT IN (${marks})`;
  const complete = await reader.query(
    `SELECT f.size, f.expires_at AS ends ${by === "filesFirst" ? filesFirst : accountsFirst} ${where.sql} ${inTheWay} AND f.state = 1 AND f.expires_at IS NOT NULL ORDER BY f.expires_at LIMIT ${mostFiles}`,
    [...where.values, ...evictable],
  );
  const reserved = await reader.query(
    `SELECT f.size, f.ask_at + ${askingTakes} AS ends ${filesFirst} ${where.sql} AND f.state = 0 AND f.ask_at IS NOT NULL ORDER BY f.ask_at LIMIT ${mostFiles}`,
    where.values,
  );
  return [...complete, ...reserved].sort((a, b) => Number(a.ends) - Number(b.ends));
}

/** When so much has ended; undefined: never. */
function roomAt({ bytes, files }: Holding, ends: readonly Row[]): number | undefined {
  let freed = 0;
  for (const [i, { size, ends: at }] of ends.entries()) {
    freed += Number(size);
    if (freed >= bytes && i + 1 >= files) return Number(at);
  }
  return undefined;
}
