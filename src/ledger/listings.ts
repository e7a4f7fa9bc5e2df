import { dayOf, isToday as isOfToday } from "./accounts.ts";
import type { Session, Value } from "./database.ts";
import type { LedgerFile, Page, Selection, Usage } from "./ledger.ts";
import { readAccount, readFile, selectFiles, tokenKey } from "./rows.ts";

/** The files of a selection, in the order of their tokens. */
export async function listFiles(
  session: Session,
  selection: Selection,
  { limit, after = "" }: Page,
): Promise<readonly LedgerFile[]> {
  const { sql, values } = whereOf(selection);
  const next = values.length + 1;
  const page = [...values, tokenKey(after), after, limit];
  if (selection.jid === undefined) {
    const rest = `${sql} AND (f.token_key, f.token) > ($${next}, $${next + 1})
      ORDER BY f.token_key, f.token LIMIT $${next + 2}`;
    // Each of the two has an index of its own.
    const settled = await session.query(`${selectFiles.filesFirst} f.state <> 0 AND ${rest}`, page);
    const reserved = await session.query(`${selectFiles.filesFirst} f.state = 0 AND ${rest}`, page);
    return [...settled, ...reserved].map(readFile).sort(byToken).slice(0, limit);
  }
  // One user's files by the index that each state has; "+ 0" keeps the database from walking everybody's tokens.
  const rest = `${sql} AND (f.token_key + 0, f.token) > ($${next}, $${next + 1})`;
  const rows = await session.query(
    `${selectFiles.accountsFirst} f.state = 1 AND ${rest}
      UNION ALL ${selectFiles.filesFirst} f.ask_at IS NOT NULL AND f.state IN (0, 2) AND ${rest}
      UNION ALL ${selectFiles.filesFirst} f.state = 3 AND ${rest}
      ORDER BY token LIMIT $${next + 2}`,
    page,
  );
  return rows.map(readFile);
}

function byToken(a: LedgerFile, b: LedgerFile): number {
  return a.token < b.token ? -1 : 1;
}

/** The accounts of a selection that hold anything, or have reserved anything today. */
export async function listUsage(
  session: Session,
  selection: Selection,
  now: Date,
): Promise<readonly Usage[]> {
  const { sql, values } = whereOf(selection);
  const today = dayOf(now);
  const rows = await session.query(
    `SELECT * FROM slotd_accounts a WHERE ${sql} AND a.jid <> '' AND (a.files > 0 OR a.day >= $${values.length + 1})
      ORDER BY a.domain, a.jid, a.purpose`,
    [...values, today],
  );
  return rows.map(readAccount).map(({ domain, jid, purpose, bytes, files, day, dayBytes, dayFiles }) => {
    const isToday = isOfToday(day, now);
    return {
      ...{ domain, jid, purpose, bytes, files },
      today: { bytes: isToday ? dayBytes : 0, files: isToday ? dayFiles : 0 },
    };
  });
}

function whereOf({ domain, jid, purpose }: Selection): {
  readonly sql: string;
  readonly values: readonly Value[];
} {
  const wanted = Object.entries({ domain, jid, purpose }).filter((entry) => entry[1] !== undefined);
  const conditions = wanted.map(([column], i) => `a.${column} = $${i + 1}`);
  return {
    sql: ["a.id IS NOT NULL", ...conditions].join(" AND "),
    values: wanted.map(([, value]) => value ?? null),
  };
}
