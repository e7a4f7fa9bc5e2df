import type { Session, Value } from "./database/database.ts";
import type { FileState, Holding } from "./ledger.ts";
import { type FileRow, readFile, selectFiles, stateNumbers } from "./rows.ts";

/** Which parts, which are the files of one domain and purpose: a condition on the account `a` that a part
 * is, with its values from `$1` on. */
export interface PartFilter {
  readonly sql: string;
  readonly values: readonly Value[];
}

/** A part by its number, and what is first in it. */
export interface PartHead {
  readonly part: number;
  readonly first: number;
}

/**
 * The parts with files of this state, by what is first in them: by `due_at` (milliseconds; files that are never due are
 * passed over), by `recheck_at`, or by `id`. Looks at one entry of an index for each part, however many files it has.
 */
export async function partHeads(
  session: Session,
  { sql, values }: PartFilter,
  by: "due_at" | "recheck_at" | "id",
  state: FileState,
  limit: number,
): Promise<readonly PartHead[]> {
  // Without the condition the small index of those that have one would not be taken.
  const given = by === "recheck_at" ? " AND f.recheck_at IS NOT NULL" : "";
  const rows = await session.query(
    `SELECT part, first FROM (SELECT a.id AS part,
        (SELECT MIN(f.${by}) FROM slotd_files f WHERE f.part = a.id AND f.state = ${stateNumbers[state]}${given}) AS first
        FROM slotd_accounts a WHERE a.jid = '' AND a.domain <> '' AND ${sql}) heads
      WHERE first IS NOT NULL ORDER BY first, part LIMIT $${values.length + 1}`,
    [...values, limit],
  );
  return rows.map(({ part, first }) => ({ part: Number(part), first: Number(first) }));
}

/**
 * Up to `limit` files of this state for which something is due until `until`: one part after the other, the one that
 * has waited longest first, and in each by what is due first. Costs what it gives, and one look at each part.
 */
export async function dueFiles(
  session: Session,
  parts: PartFilter,
  state: FileState,
  until: Date,
  limit: number,
  by: "due_at" | "recheck_at" = "due_at",
): Promise<FileRow[]> {
  const found: FileRow[] = [];
  for (const { part, first } of await partHeads(session, parts, by, state, limit)) {
    if (first > until.getTime() || found.length >= limit) break;
    const rows = await session.query(
      `${selectFiles.filesFirst} f.part = $1 AND f.state = ${stateNumbers[state]} AND f.${by} <= $2 ORDER BY f.${by} LIMIT $3`,
      [part, until.getTime(), limit - found.length],
    );
    found.push(...rows.map(readFile));
  }
  return found;
}

/** Up to `limit` files of this state about which the store is to be asked by now, as `dueFiles` gives them. */
export function filesToAsk(
  session: Session,
  parts: PartFilter,
  state: "reserved" | "abandoned" | "complete",
  now: Date,
  limit: number,
): Promise<FileRow[]> {
  return dueFiles(session, parts, state, now, limit, state === "complete" ? "recheck_at" : "due_at");
}

/** The parts of these domains. `texts`: how the database reads a list; see Dialect. */
export function partsOf(domains: readonly string[], texts: (value: string) => string): PartFilter {
  return { sql: `a.domain IN ${texts("$1")}`, values: [JSON.stringify(domains)] };
}

/** What the complete files of these parts come to whose time has come. Reads an entry of an index for each. */
export async function sumExpired(session: Session, parts: PartFilter, now: Date): Promise<Holding> {
  const sum = { bytes: 0, files: 0 };
  for (const { part } of await partHeads(session, parts, "due_at", "complete", 100_000)) {
    const [row] = await session.query(
      `SELECT COUNT(*) AS files, COALESCE(SUM(f.size), 0) AS bytes FROM slotd_files f
        WHERE f.part = $1 AND f.state = 1 AND f.due_at <= $2`,
      [part, now.getTime()],
    );
    sum.bytes += Number(row?.bytes);
    sum.files += Number(row?.files);
  }
  return sum;
}
