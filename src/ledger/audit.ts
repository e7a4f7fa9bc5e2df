import type { BulkStatement, Database, Row, Session } from "./database/database.ts";
import type { Disagreement, Sums } from "./ledger.ts";

/** An account whose sums are not those of its files. */
export interface WrongAccount extends Disagreement {
  readonly id: number;
  /** How often it had been put right when it was looked at. */
  readonly repairs: number;
}

/** How many files, or accounts, are read together: a few milliseconds of SQLite. */
const pageSize = 10_000;

/**
 * Of how many accounts the sums are held in memory: about 40 MiB. With more the files are read once for each so many.
 */
const mostAccounts = 250_000;

/** Sums that are added up. */
interface Tally {
  bytes: number;
  files: number;
  reservedBytes: number;
  reservedFiles: number;
}

/**
 * The accounts whose sums are not those of their files, all looked at in one state of the database. Nobody waits for
 * it, and no page of it holds the process up for long; the time is that of reading each file's row once.
 */
export async function auditSums(database: Database): Promise<WrongAccount[]> {
  return database.snapshot(async (session) => {
    const parts = new Map<number, Tally>();
    const found: WrongAccount[] = [];
    for (let after: number | undefined = 0, isFirst = true; after !== undefined; isFirst = false) {
      const accounts = await readAccounts(session, "a.jid <> ''", after);
      const listed = new Map<number, Tally>([...accounts.keys()].map((id) => [id, none()]));
      await addFiles(session, listed, isFirst ? parts : undefined);
      found.push(...wrongOf(accounts, ({ id }) => listed.get(Number(id)) ?? none()));
      after = accounts.size < mostAccounts ? undefined : [...accounts.keys()].at(-1);
    }
    const byName = (a: WrongAccount, b: WrongAccount) => (a.account < b.account ? -1 : 1);
    return [...(await auditParts(session, parts)).sort(byName), ...found.sort(byName)];
  });
}

/** The sums of domains and of the whole are those of the parts. */
async function auditParts(session: Session, parts: ReadonlyMap<number, Tally>): Promise<WrongAccount[]> {
  const accounts = await readAccounts(session, "a.jid = ''", 0);
  const byPurpose = new Map<string, Tally>();
  for (const [id, tally] of parts) {
    const purpose = String(accounts.get(id)?.purpose);
    byPurpose.set(purpose, add(byPurpose.get(purpose) ?? none(), tally));
  }
  return wrongOf(
    accounts,
    ({ id, domain, purpose }) =>
      (domain === "" ? byPurpose.get(String(purpose)) : parts.get(Number(id))) ?? none(),
  );
}

async function readAccounts(session: Session, where: string, after: number): Promise<Map<number, Row>> {
  const accounts = new Map<number, Row>();
  for (let last = after; accounts.size < mostAccounts; ) {
    const rows = await session.query(
      `SELECT a.id, a.domain, a.jid, a.purpose, a.bytes, a.files, a.reserved_bytes, a.reserved_files, a.repairs
        FROM slotd_accounts a WHERE ${where} AND a.id > $1 ORDER BY a.id LIMIT ${pageSize}`,
      [last],
    );
    for (const row of rows) accounts.set(Number(row.id), row);
    last = Number(rows.at(-1)?.id);
    await otherWork();
    if (rows.length < pageSize) break;
  }
  return accounts;
}

/** Adds every file to the tally of its account, where there is one, and of its part. */
async function addFiles(
  session: Session,
  accounts: ReadonlyMap<number, Tally>,
  parts: Map<number, Tally> | undefined,
): Promise<void> {
  for (let after = 0; ; ) {
    const rows = await session.query(
      `SELECT account, part, MAX(id) AS last, COUNT(*) AS rows,
          SUM(CASE WHEN state < 2 THEN size ELSE 0 END) AS bytes, SUM(CASE WHEN state < 2 THEN 1 ELSE 0 END) AS files,
          SUM(CASE WHEN state = 0 THEN size ELSE 0 END) AS reserved_bytes,
          SUM(CASE WHEN state = 0 THEN 1 ELSE 0 END) AS reserved_files
        FROM (SELECT id, account, part, size, state FROM slotd_files WHERE id > $1 ORDER BY id LIMIT ${pageSize}) page
        GROUP BY account, part`,
      [after],
    );
    let read = 0;
    for (const row of rows) {
      read += Number(row.rows);
      after = Math.max(after, Number(row.last));
      const tally = tallyOf(row);
      const own = accounts.get(Number(row.account));
      if (own !== undefined) add(own, tally);
      const part = Number(row.part);
      if (parts !== undefined) parts.set(part, add(parts.get(part) ?? none(), tally));
    }
    await otherWork();
    if (read < pageSize) return;
  }
}

function wrongOf(accounts: ReadonlyMap<number, Row>, listedOf: (account: Row) => Tally): WrongAccount[] {
  return [...accounts].flatMap(([id, row]) => {
    const [counted, listed] = [tallyOf(row), listedOf(row)];
    const isRight =
      counted.bytes === listed.bytes &&
      counted.files === listed.files &&
      counted.reservedBytes === listed.reservedBytes &&
      counted.reservedFiles === listed.reservedFiles;
    if (isRight) return [];
    const name = [row.domain === "" ? "total" : row.domain, row.jid, row.purpose];
    const account = name.filter((word) => word !== "").join(" ");
    return [{ id, repairs: Number(row.repairs), account, counted: sumsOf(counted), listed: sumsOf(listed) }];
  });
}

/** How many accounts are put right in one transaction. */
const repairsTogether = 500;

/**
 * A transaction that puts sums right, for up to 500 accounts each. Whatever was done to files since they were looked at
 * has changed sum and files alike, and so what they differed by is still what they differ by: no file is read again.
 * An account that another one has put right meanwhile is left alone.
 */
export function repairsOf(wrong: readonly WrongAccount[]): ((session: Session) => Promise<void>)[] {
  return Array.from({ length: Math.ceil(wrong.length / repairsTogether) }, (_, i) => async (session) => {
    const some = wrong.slice(i * repairsTogether, (i + 1) * repairsTogether);
    await session.bulk(
      repairAccounts,
      some.map(({ id, repairs, counted, listed }) => [
        ...[id, repairs, counted.bytes - listed.bytes, counted.files - listed.files],
        ...[counted.reserved.bytes - listed.reserved.bytes, counted.reserved.files - listed.reserved.files],
      ]),
    );
  });
}

const repairAccounts: BulkStatement = {
  input: {
    ...{ id: "bigint", repairs: "bigint", bytes: "bigint", files: "bigint" },
    ...{ reserved_bytes: "bigint", reserved_files: "bigint" },
  },
  sql: `UPDATE slotd_accounts SET bytes = slotd_accounts.bytes - input.bytes,
      files = slotd_accounts.files - input.files, reserved_bytes = slotd_accounts.reserved_bytes - input.reserved_bytes,
      reserved_files = slotd_accounts.reserved_files - input.reserved_files, repairs = slotd_accounts.repairs + 1
    FROM input WHERE slotd_accounts.id = input.id AND slotd_accounts.repairs = input.repairs`,
};

function none(): Tally {
  return { bytes: 0, files: 0, reservedBytes: 0, reservedFiles: 0 };
}

function add(to: Tally, { bytes, files, reservedBytes, reservedFiles }: Tally): Tally {
  to.bytes += bytes;
  to.files += files;
  to.reservedBytes += reservedBytes;
  to.reservedFiles += reservedFiles;
  return to;
}

function tallyOf(row: Row): Tally {
  return {
    ...{ bytes: Number(row.bytes), files: Number(row.files) },
    ...{ reservedBytes: Number(row.reserved_bytes), reservedFiles: Number(row.reserved_files) },
  };
}

function sumsOf({ bytes, files, reservedBytes, reservedFiles }: Tally): Sums {
  return { bytes, files, reserved: { bytes: reservedBytes, files: reservedFiles } };
}

/** Between two pages the process does what else it has to. */
function otherWork(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
