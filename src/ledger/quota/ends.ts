import type { Row, Session } from "../database/database.ts";
import type { Holding } from "../ledger.ts";
import { type PartFilter, partHeads } from "../parts.ts";
import type { Pool } from "./scopes.ts";

/** When files end to take room, those first that end first; milliseconds since 1970. */
export interface Ends {
  readonly ends: readonly { readonly size: number; readonly at: number }[];
  /** Until when no other file ends than those; undefined: no other one ever ends. */
  readonly until: number | undefined;
  /** When the first complete one expires; undefined: none does. */
  readonly expires: number | undefined;
}

/** How many files of one account or part are looked at. */
const mostFiles = 64;

/** How many parts are looked at, those first in which a file ends first. */
const mostParts = 8;

/** How many files of everybody are looked through for those of one account. */
const mostLookedThrough = 1_000;

/** How long after the moment at which it is due the store has been asked about a reservation; milliseconds. */
const askingTakes = 5_000;

/** When so much has ended of the files that were looked at; undefined: not before they all have. */
export function endOf({ bytes, files }: Holding, { ends, until }: Ends): number | undefined {
  let freed = 0;
  for (const [i, { size, at }] of ends.entries()) {
    if (until !== undefined && at > until) return undefined;
    freed += size;
    if (freed >= bytes && i + 1 >= files) return at;
  }
  return undefined;
}

/**
 * When the files of a user end. Of complete files each account's 64 oldest are looked at, which are the first to end
 * wherever a purpose's files expire in the order in which their slots were given, and those that have expired by now.
 *
 * @param evictable purposes whose complete files are left out.
 */
export async function endsOfUser(
  reader: Session,
  pools: readonly Pool[],
  evictable: readonly string[],
  now: Date,
): Promise<Ends> {
  const all = [await reservedEnds(reader, pools, 0)];
  for (const { account, part, purpose, complete } of pools) {
    if (complete === 0 || evictable.includes(purpose)) continue;
    const rows =
      complete <= mostFiles
        ? await reader.query(`${selectEnds} f.account = $1 AND f.state = 1`, [account])
        : await reader.query(`${selectEnds} ${oldestAndExpired(mostFiles)}`, [account, part, now.getTime()]);
    all.push(endsOf(rows, "complete"));
  }
  return together(all);
}

const selectEnds = "SELECT f.size, f.due_at FROM slotd_files f WHERE";

/**
 * A condition on `f`: complete files of the account `$1`, its oldest ones, and of those in its part `$2` whose time has
 * come by `$3` its own, if they are among the 1,000 that came first. Clients may want a file to be gone before others.
 */
export function oldestAndExpired(files: number): string {
  return `f.id IN (
    SELECT id FROM (SELECT o.id FROM slotd_files o WHERE o.account = $1 AND o.state = 1 ORDER BY o.id LIMIT ${files}) oldest
    UNION SELECT id FROM (SELECT e.id, e.account FROM slotd_files e WHERE e.part = $2 AND e.state = 1 AND e.due_at <= $3
      ORDER BY e.due_at LIMIT ${mostLookedThrough}) expired WHERE account = $1)`;
}

/** When the files of a domain end: of each purpose 64 complete and 64 reserved ones. `evictable`: as above. */
export async function endsOfDomain(
  reader: Session,
  pools: readonly Pool[],
  evictable: readonly string[],
): Promise<Ends> {
  const all: Ends[] = [];
  for (const { part, purpose, complete, reserved } of pools) {
    if (complete > 0 && !evictable.includes(purpose)) all.push(await firstEnds(reader, part, "complete"));
    if (reserved > 0) all.push(await firstEnds(reader, part, "reserved"));
  }
  return together(all);
}

/** When the files of the whole ledger end: of the 8 parts in which one ends first. `evictable`: as above. */
export async function endsOfAll(reader: Session, evictable: readonly string[]): Promise<Ends> {
  const marks = evictable.map((_, i) => `$${i + 1}`).join(", ");
  const inTheWay = evictable.length === 0 ? "a.files > 0" : `a.purpose NOT IN (${marks})`;
  return together([
    ...(await endsOfParts(reader, { sql: inTheWay, values: evictable }, "complete")),
    ...(await endsOfParts(reader, { sql: "a.reserved_files > 0", values: [] }, "reserved")),
  ]);
}

async function endsOfParts(
  reader: Session,
  parts: PartFilter,
  state: "complete" | "reserved",
): Promise<Ends[]> {
  const heads = await partHeads(reader, parts, "due_at", state, mostParts + 1);
  const all: Ends[] = [];
  for (const { part } of heads.slice(0, mostParts)) all.push(await firstEnds(reader, part, state));
  const rest = heads[mostParts];
  if (rest === undefined) return all;
  return [...all, { ends: [], until: rest.first + laterBy[state], expires: undefined }];
}

/** How long after it is due a file takes no room any more. */
const laterBy = { complete: 0, reserved: askingTakes };

async function firstEnds(reader: Session, part: number, state: "complete" | "reserved"): Promise<Ends> {
  const rows = await reader.query(
    `SELECT f.size, f.due_at FROM slotd_files f WHERE f.part = $1 AND f.state = ${state === "reserved" ? 0 : 1}
      AND f.due_at IS NOT NULL ORDER BY f.due_at LIMIT ${mostFiles}`,
    [part],
  );
  return endsOf(rows, state);
}

/**
 * When the reservations of a user may have come to nothing. They are looked for among the 1,000 of everybody in the
 * same domain and for the same purpose that are due first.
 *
 * @param since leaves out those that were made before; milliseconds since 1970.
 */
export async function reservedEnds(reader: Session, pools: readonly Pool[], since: number): Promise<Ends> {
  const all: Ends[] = [];
  for (const { account, part, reserved } of pools) {
    if (reserved === 0) continue;
    const rows = await reader.query(
      `SELECT f.size, f.due_at, f.reserved_at FROM (${firstReserved}) n JOIN slotd_files f ON f.id = n.id
        WHERE n.account = $2 ORDER BY f.due_at LIMIT ${mostFiles}`,
      [part, account],
    );
    const counted = rows.filter((row) => Number(row.reserved_at) >= since);
    const isCut = rows.length < Math.min(reserved, mostFiles);
    const until = isCut ? await lastReserved(reader, part) : endsOf(rows, "reserved").until;
    all.push({ ...endsOf(counted, "reserved"), until });
  }
  return together(all);
}

const firstReserved = `SELECT r.id, r.account, r.due_at FROM slotd_files r WHERE r.part = $1 AND r.state = 0
  ORDER BY r.due_at LIMIT ${mostLookedThrough}`;

/** When the last of those ends that are looked through; undefined when these are all. */
async function lastReserved(reader: Session, part: number): Promise<number | undefined> {
  const [row] = await reader.query(
    `SELECT COUNT(*) AS files, MAX(due_at) AS due_at FROM (${firstReserved}) n`,
    [part],
  );
  return Number(row?.files) < mostLookedThrough ? undefined : Number(row?.due_at) + askingTakes;
}

/** Of rows with `size` and `due_at`, as many as were asked for. */
function endsOf(rows: readonly Row[], state: "complete" | "reserved"): Ends {
  const ends = rows.flatMap(({ size, due_at }) =>
    due_at === null ? [] : [{ size: Number(size), at: Number(due_at) + laterBy[state] }],
  );
  const times = ends.map(({ at }) => at);
  return {
    ends,
    until: rows.length < mostFiles || ends.length === 0 ? undefined : Math.max(...times),
    expires: state === "complete" ? earliest(times) : undefined,
  };
}

function together(all: readonly Ends[]): Ends {
  return {
    ends: all.flatMap(({ ends }) => ends).sort((a, b) => a.at - b.at),
    until: earliest(all.flatMap(({ until }) => until ?? [])),
    expires: earliest(all.flatMap(({ expires }) => expires ?? [])),
  };
}

function earliest(times: readonly number[]): number | undefined {
  return times.length === 0 ? undefined : Math.min(...times);
}
