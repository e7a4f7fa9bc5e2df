import { LedgerSchemaError } from "../errors.ts";
import type { Database, Dialect, Session } from "./database.ts";
import { spentTables } from "./spent-tables.ts";

type Migration = (dialect: Dialect) => readonly string[];

/**
 * Every step that the schema has taken, in order; the schema's number is how many of them were taken. A step that
 * has been released is never changed.
 *
 * An account counts files of one purpose: with a domain and a JID one user's, with a domain only that domain's, with
 * neither the whole's. The one with nothing, not even a purpose, counts nothing: it is what PostgreSQL locks. Of each
 * sum the part that is reserved is known as well. `repairs` is how often the sums were put right. `part` of a file is
 * the account of its domain and purpose: whatever is asked of a domain walks its few parts, and nothing of other
 * domains.
 *
 * States of a file: 0 reserved, 1 complete, 2 abandoned, 3 pending deletion. Times are milliseconds since 1970, a day
 * is a number of days since then. `due_at` is when something is next to be done about a file: the store is to be asked
 * (0 and 2), it expires (1; null: never), it is to be removed (3). `recheck_at` is when the store is to be asked once
 * more about a complete file, where an upload that nobody tells of may replace it; mostly null.
 *
 * `token_key` is what a token begins with, as a number: an index of it is a fifth of one of tokens. Reserved files have
 * a small one of their own, because new tokens come at random places: with a million files each would change another
 * page. For the same reason no index by account has reserved files: each slot would cost a page more. So an account is
 * no foreign key: to remove one would read all files.
 */
const migrations: readonly Migration[] = [
  ({ id }) => [
    `CREATE TABLE slotd_accounts (
       id ${id}, domain TEXT NOT NULL, jid TEXT NOT NULL, purpose TEXT NOT NULL,
       bytes BIGINT NOT NULL, files BIGINT NOT NULL,
       reserved_bytes BIGINT NOT NULL DEFAULT 0, reserved_files BIGINT NOT NULL DEFAULT 0,
       day BIGINT NOT NULL, day_bytes BIGINT NOT NULL, day_files BIGINT NOT NULL,
       repairs BIGINT NOT NULL DEFAULT 0,
       UNIQUE (domain, jid, purpose))`,
    "CREATE INDEX slotd_accounts_jid ON slotd_accounts (jid)",
    `CREATE TABLE slotd_files (
       id ${id}, token_key BIGINT NOT NULL, token TEXT NOT NULL,
       account BIGINT NOT NULL, part BIGINT NOT NULL,
       filename TEXT NOT NULL, size BIGINT NOT NULL, state BIGINT NOT NULL,
       reserved_at BIGINT NOT NULL, due_at BIGINT, recheck_at BIGINT, completed_at BIGINT, expires_at BIGINT)`,
    "CREATE INDEX slotd_files_token_reserved ON slotd_files (token_key) WHERE state = 0",
    "CREATE INDEX slotd_files_token ON slotd_files (token_key) WHERE state <> 0",
    "CREATE INDEX slotd_files_due ON slotd_files (part, state, due_at, account)",
    "CREATE INDEX slotd_files_recheck ON slotd_files (part, recheck_at) WHERE recheck_at IS NOT NULL",
    "CREATE INDEX slotd_files_oldest ON slotd_files (account, id) WHERE state = 1",
    "CREATE INDEX slotd_files_oldest_of_part ON slotd_files (part, id) WHERE state = 1",
    "CREATE TABLE slotd_rates (domain TEXT NOT NULL, name TEXT NOT NULL, full_at BIGINT NOT NULL, PRIMARY KEY (domain, name))",
    `INSERT INTO slotd_accounts (domain, jid, purpose, bytes, files, day, day_bytes, day_files)
       VALUES ('', '', '', 0, 0, 0, 0, 0)`,
  ],
  // The identity of the store in which a domain has its files.
  () => ["CREATE TABLE slotd_stores (domain TEXT NOT NULL PRIMARY KEY, store_id TEXT NOT NULL)"],
  // Addresses whose files were deleted.
  spentTables,
];

/**
 * Brings the schema up to date. Of several slotd that start at once one does it and the others find it done.
 *
 * @throws {LedgerSchemaError} when a newer slotd has used the database.
 */
export async function migrate(database: Database): Promise<void> {
  await database.writeSchema(async (session) => {
    await session.query("CREATE TABLE IF NOT EXISTS slotd_schema (version BIGINT NOT NULL)");
    const found = await schemaVersion(session);
    if (found > migrations.length) throw new LedgerSchemaError(found, migrations.length);
    if (found === migrations.length) return;
    for (const migration of migrations.slice(found)) {
      for (const statement of migration(database.dialect)) await session.query(statement);
    }
    await session.query("DELETE FROM slotd_schema");
    await session.query("INSERT INTO slotd_schema (version) VALUES ($1)", [migrations.length]);
  });
}

async function schemaVersion(session: Session): Promise<number> {
  const [row] = await session.query("SELECT version FROM slotd_schema");
  return Number(row?.version ?? 0);
}
