import type { Row, Session, Value } from "../database/database.ts";
import { type PartFilter, partHeads } from "../parts.ts";

/** When files end to take room, those first that end first; milliseconds since 1970. */
export interface Ends {
  readonly ends: readonly { readonly size: number; readonly at: number }[];
  /** Until when no other file ends than those; undefined: no other one ever ends. */
  readonly until: number | undefined;
}

/** How many files of one account or part are looked at. */
const mostFiles = 64;

/** How many parts are looked at, those first in which a file ends first. */
const mostParts = 8;

/** How many reservations of everybody are looked through for those of one account. */
const mostReservations = 1_000;

/** How long after the moment at which it is due the store has been asked about a reservation; milliseconds. */
const askingTakes = 5_000;

/**
 * When the files of these accounts end. Of complete files each account's 64 oldest are looked at, which are the first
 * to end wherever a purpose's files expire in the order in which their slots were given.
 *
 * @param evictable purposes whose complete files are left out.
 */
export async function endsOfAccounts(
  reader: Session,
  accounts: PartFilter,
  evictable: readonly string[],
): Promise<Ends> {
  const { sql, values } = accounts;
  const all: Ends[] = [await reservedEnds(reader, accounts, 0)];
  for (const { id, purpose } of await reader.query(
    `SELECT a.id, a.purpose FROM slotd_accounts a WHERE ${sql}`,
    values,
  )) {
    if (evictable.includes(String(purpose))) continue;
    const rows = await reader.query(
      `SELECT f.size, f.due_at FROM slotd_files f WHERE f.account = $1 AND f.state = 1 ORDER BY f.id LIMIT ${mostFiles}`,
      [Number(id)],
    );
    all.push(endsOf(rows, 0));
  }
  return together(all);
}

/** When the files of these parts end: 64 of each of the 8 parts in which one ends first. `evictable`: as above. */
export async function endsOfParts(
  reader: Session,
  { sql, values }: PartFilter,
  evictable: readonly string[],
): Promise<Ends> {
  const marks = evictable.map((_, i) => `$${values.length + 1 + i}`).join(", ");
  const inTheWay = { sql: `${sql} AND a.purpose NOT IN (${marks})`, values: [...values, ...evictable] };
  const complete = evictable.length === 0 ? { sql, values } : inTheWay;
  return together([
    await firstEnds(reader, complete, "complete"),
    await firstEnds(reader, { sql, values }, "reserved"),
  ]);
}

async function firstEnds(reader: Session, parts: PartFilter, state: "complete" | "reserved"): Promise<Ends> {
  const later = state === "reserved" ? askingTakes : 0;
  const heads = await partHeads(reader, parts, "due_at", state, mostParts + 1);
  const all: Ends[] = [];
  for (const { part } of heads.slice(0, mostParts)) {
    const rows = await reader.query(
      `SELECT f.size, f.due_at FROM slotd_files f WHERE f.part = $1 AND f.state = ${state === "reserved" ? 0 : 1}
        AND f.due_at IS NOT NULL ORDER BY f.due_at LIMIT ${mostFiles}`,
      [part],
    );
    all.push(endsOf(rows, later));
  }
  const rest = heads[mostParts];
  return together([...all, ...(rest === undefined ? [] : [{ ends: [], until: rest.first + later }])]);
}

/**
 * When the reservations of these accounts may have come to nothing. They are looked for among the 1,000 of everybody in
 * the same domain and for the same purpose that are due first.
 *
 * @param since leaves out those that were made before; milliseconds since 1970.
 */
export async function reservedEnds(
  reader: Session,
  { sql, values }: PartFilter,
  since: number,
): Promise<Ends> {
  const accounts = await reader.query(
    `SELECT a.id, a.reserved_files AS files, p.id AS part FROM slotd_accounts a
      JOIN slotd_accounts p ON p.domain = a.domain AND p.jid = '' AND p.purpose = a.purpose
      WHERE ${sql} AND a.reserved_files > 0`,
    values,
  );
  const all: Ends[] = [];
  for (const { id, part, files } of accounts) {
    const rows = await reader.query(
      `SELECT f.size, f.due_at, f.reserved_at FROM (${firstReserved}) n JOIN slotd_files f ON f.id = n.id
        WHERE n.account = $2 ORDER BY f.due_at LIMIT ${mostFiles}`,
      [Number(part), Number(id)],
    );
    const ends = endsOf(rows, askingTakes);
    const counted = rows.filter((row) => Number(row.reserved_at) >= since);
    const rest =
      rows.length < Math.min(Number(files), mostFiles) ? await lastReserved(reader, part) : ends.until;
    all.push({ ends: endsOf(counted, askingTakes).ends, until: rest });
  }
  return together(all);
}

const firstReserved = `SELECT r.id, r.account, r.due_at FROM slotd_files r WHERE r.part = $1 AND r.state = 0
  ORDER BY r.due_at LIMIT ${mostReservations}`;

/** When the last of those ends that are looked through; undefined when these are all. */
async function lastReserved(reader: Session, part: Value | undefined): Promise<number | undefined> {
  const [row] = await reader.query(
    `SELECT COUNT(*) AS files, MAX(due_at) AS due_at FROM (${firstReserved}) n`,
    [Number(part)],
  );
  return Number(row?.files) < mostReservations ? undefined : Number(row?.due_at) + askingTakes;
}

/** Of rows with `size` and `due_at`, in order, as many as were asked for. */
function endsOf(rows: readonly Row[], later: number): Ends {
  const ends = rows.flatMap(({ size, due_at }) =>
    due_at === null ? [] : [{ size: Number(size), at: Number(due_at) + later }],
  );
  const last = Math.max(...ends.map(({ at }) => at));
  return { ends, until: rows.length < mostFiles || ends.length === 0 ? undefined : last };
}

function together(all: readonly Ends[]): Ends {
  const untils = all.flatMap(({ until }) => until ?? []);
  return {
    ends: all.flatMap(({ ends }) => ends).sort((a, b) => a.at - b.at),
    until: untils.length === 0 ? undefined : Math.min(...untils),
  };
}
