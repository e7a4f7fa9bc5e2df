import { dayOf, isToday } from "./accounts.ts";
import type { Database, Row, Session, Value } from "./database/database.ts";
import type {
  FilePage,
  LedgerFile,
  LedgerSums,
  Page,
  PartSums,
  Selection,
  Usage,
  UserPage,
  UserSelection,
} from "./ledger.ts";
import { type AccountRow, readAccount, readFile, selectFiles, tokenKey } from "./rows.ts";

/** Every file, in the order of the tokens. */
export async function listFiles(
  session: Session,
  { limit, after = "" }: Page,
): Promise<readonly LedgerFile[]> {
  const rest = "(f.token_key, f.token) > ($1, $2)";
  const order = "ORDER BY f.token_key, f.token LIMIT $3";
  const page = [tokenKey(after), after, limit];
  // Each of the two has an index of its own.
  const settled = await session.query(`${selectFiles.filesFirst} f.state <> 0 AND ${rest} ${order}`, page);
  // What comes after a whole page of those is not read for this one.
  const last = settled.length < limit ? undefined : settled.at(-1);
  const reserved = await session.query(
    `${selectFiles.filesFirst} f.state = 0 AND ${rest} AND f.token_key <= $4 ${order}`,
    [...page, last === undefined ? Number.MAX_SAFE_INTEGER : tokenKey(String(last.token))],
  );
  return [...settled, ...reserved].map(readFile).sort(byToken).slice(0, limit);
}

function byToken(a: LedgerFile, b: LedgerFile): number {
  return a.token < b.token ? -1 : 1;
}

/**
 * In this order a file is met once, whatever state it goes to while pages are read, but for those that are marked for
 * deletion.
 */
const statesInOrder = [3, 0, 2, 1] as const;

/** Where a listing goes on: an account and state by their places, and the last file there. */
interface Cursor {
  readonly account: number;
  readonly state: number;
  readonly due: number;
  readonly id: number;
}

/** The files of a user, account by account and state by state. */
export async function listFilesOf(
  session: Session,
  user: UserSelection,
  { limit, cursor }: UserPage,
): Promise<FilePage> {
  const { sql, values } = whereOf(user);
  const accounts = await session.query(
    `SELECT a.id, p.id AS part FROM slotd_accounts a
      JOIN slotd_accounts p ON p.domain = a.domain AND p.jid = '' AND p.purpose = a.purpose
      WHERE ${sql} AND a.jid <> '' ORDER BY a.id`,
    values,
  );
  const from = cursorOf(cursor);
  const files: LedgerFile[] = [];
  for (const row of accounts) {
    const [account, part] = [Number(row.id), Number(row.part)];
    if (account < from.account) continue;
    const isGoingOn = account === from.account;
    for (let state = isGoingOn ? from.state : 0; state < statesInOrder.length; state += 1) {
      const start = isGoingOn && state === from.state ? from : { due: -1, id: -1 };
      const rows = await readState(
        session,
        { account, part },
        statesInOrder[state] ?? 1,
        start,
        limit - files.length,
      );
      files.push(...rows.map(readFile));
      const last = rows.at(-1);
      if (files.length < limit || last === undefined) continue;
      return { files, next: [account, state, Number(last.due_at), Number(last.id)].join(" ") };
    }
  }
  return { files, next: undefined };
}

function readState(
  session: Session,
  { account, part }: { readonly account: number; readonly part: number },
  state: number,
  { due, id }: Pick<Cursor, "due" | "id">,
  limit: number,
): Promise<readonly Row[]> {
  if (state === 1) {
    const complete = `${selectFiles.filesFirst} f.account = $1 AND f.state = 1 AND f.id > $2 ORDER BY f.id LIMIT $3`;
    return session.query(complete, [account, id, limit]);
  }
  return session.query(
    `${selectFiles.filesFirst} f.part = $1 AND f.state = ${state} AND f.account = $2
      AND (f.due_at > $3 OR (f.due_at = $3 AND f.id > $4)) AND f.due_at >= $3 ORDER BY f.due_at, f.id LIMIT $5`,
    [part, account, due, id, limit],
  );
}

function cursorOf(text: string | undefined): Cursor {
  const [account = -1, state = 0, due = -1, id = -1] = text?.split(" ").map(Number) ?? [];
  return { account, state, due, id };
}

/** How many accounts are read together. */
const pageSize = 2_000;

/** The accounts of a selection that hold anything, or have reserved anything today. */
export async function listUsage(
  session: Session,
  selection: Selection,
  now: Date,
): Promise<readonly Usage[]> {
  const { sql, values } = whereOf(selection);
  const next = values.length + 1;
  const found: Usage[] = [];
  for (let after: readonly Value[] = ["", "", ""]; ; ) {
    const rows = await session.query(
      `SELECT * FROM slotd_accounts a WHERE ${sql} AND a.jid <> ''
        AND (a.domain, a.jid, a.purpose) > ($${next}, $${next + 1}, $${next + 2})
        AND (a.files > 0 OR a.day >= $${next + 3}) ORDER BY a.domain, a.jid, a.purpose LIMIT ${pageSize}`,
      [...values, ...after, dayOf(now)],
    );
    found.push(...rows.map((row) => usageOf(row, now)));
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) return found;
    after = [last.domain ?? "", last.jid ?? "", last.purpose ?? ""];
  }
}

function usageOf(row: Row, now: Date): Usage {
  const { domain, jid, purpose, bytes, files, day, dayBytes, dayFiles } = readAccount(row);
  const today = isToday(day, now) ? { bytes: dayBytes, files: dayFiles } : { bytes: 0, files: 0 };
  return { domain, jid, purpose, bytes, files, today };
}

/** The sums of how many domains are read together: some milliseconds. */
const domainsAtOnce = 100;

/** The sums of these domains and of the whole. */
export async function readSums(database: Database, domains: readonly string[]): Promise<LedgerSums> {
  const total = { bytes: 0, files: 0 };
  for (const { bytes, files } of await domainAccounts(database, [""])) {
    total.bytes += bytes;
    total.files += files;
  }
  const parts: PartSums[] = [];
  for (let start = 0; start < domains.length; start += domainsAtOnce) {
    // SQLite answers at once: others have their turn between two of its answers.
    if (start > 0) await new Promise((resolve) => setImmediate(resolve));
    const accounts = await domainAccounts(database, domains.slice(start, start + domainsAtOnce));
    for (const { domain, purpose, bytes, files, reservedBytes, reservedFiles } of accounts) {
      parts.push({ domain, purpose, bytes, files, reserved: { bytes: reservedBytes, files: reservedFiles } });
    }
  }
  return { parts, total };
}

/** The accounts of domains, or of the whole, one for each purpose. */
async function domainAccounts(database: Database, domains: readonly string[]): Promise<AccountRow[]> {
  const rows = await database.query(
    `SELECT * FROM slotd_accounts a WHERE a.jid = '' AND a.domain IN ${database.dialect.texts("$1")}`,
    [JSON.stringify(domains)],
  );
  return rows.map(readAccount);
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
