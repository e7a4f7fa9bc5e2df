import { SQLiteError, Database as Sqlite, type Statement } from "bun:sqlite";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LedgerAwayError } from "../errors.ts";
import type { BulkStatement, Database, Dialect, Row, Session, Value } from "./database.ts";

/** How long a change waits for another process that is writing; milliseconds. */
const patience = 4_000;

/** The pauses before a change looks again whether it is its turn, and then the last one again; milliseconds. */
const pauses = [1, 2, 3];

/**
 * Opens the SQLite database in this file, which is made when it is missing, with its folder. It is in WAL mode and
 * every commit is synced (`synchronous = FULL`), so that what was committed survives a power cut.
 *
 * @throws {LedgerAwayError} when the file cannot be opened.
 */
export async function openSqlite(path: string): Promise<Database> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o750 });
    return new SqliteDatabase(path);
  } catch (error) {
    throw awayIfAway(error);
  }
}

class SqliteDatabase implements Database {
  readonly dialect: Dialect = {
    id: "INTEGER PRIMARY KEY",
    inKeyOrder: "WITHOUT ROWID",
    texts: (value) => `(SELECT value FROM json_each(${value}))`,
  };
  readonly #path: string;
  readonly #writer: Connection;
  /** Of its own, so that what is read is what was committed, also while a change is under way. */
  readonly #reader: Connection;

  constructor(path: string) {
    this.#path = path;
    this.#writer = new Connection(path, 32 * 1024, true);
    try {
      this.#reader = new Connection(path, 4 * 1024, false);
      // SQLite would sleep on the event loop until another process has written: #begin() waits instead.
      this.#writer.neverWait();
    } catch (error) {
      this.#writer.close();
      throw error;
    }
  }

  query(sql: string, values?: readonly Value[]): Promise<readonly Row[]> {
    return this.#reader.query(sql, values);
  }

  bulk(statement: BulkStatement, input: readonly (readonly Value[])[]): Promise<readonly Row[]> {
    return this.#reader.bulk(statement, input);
  }

  async write<T>(work: (session: Session) => Promise<T>): Promise<T> {
    await this.#begin();
    try {
      const result = await work(this.#writer);
      await this.#writer.query("COMMIT");
      return result;
    } catch (error) {
      await this.#writer.query("ROLLBACK").catch(() => undefined);
      throw error;
    }
  }

  writeSchema<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.write(work);
  }

  async snapshot<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const connection = new Connection(this.#path, 4 * 1024, false);
    try {
      await connection.query("BEGIN");
      return await work(connection);
    } finally {
      // With it ends its transaction, which has changed nothing.
      connection.close();
    }
  }

  async close(): Promise<void> {
    this.#reader.close();
    this.#writer.close();
  }

  /** Waits its turn without blocking the process, as SQLite's own waiting would. */
  async #begin(): Promise<void> {
    const giveUpAt = performance.now() + patience;
    for (let tries = 0; ; tries += 1) {
      try {
        await this.#writer.query("BEGIN IMMEDIATE");
        return;
      } catch (error) {
        if (!isBusy(error) || performance.now() > giveUpAt) throw error;
        await sleep(pauses[tries] ?? pauses.at(-1));
      }
    }
  }
}

class Connection implements Session {
  readonly #sqlite: Sqlite;
  readonly #statements = new Map<string, Statement<Row, Value[]>>();

  /**
   * @param pages how much of them is kept in memory; KiB.
   * @param create whether a file that is not there is made: not where the ledger was there before.
   */
  constructor(path: string, pages: number, create: boolean) {
    this.#sqlite = new Sqlite(path, { create, readwrite: true, strict: true });
    for (const pragma of [
      // For the switch to WAL, and for another process that opens or closes the database at the same moment.
      "busy_timeout = 100",
      "journal_mode = WAL",
      "synchronous = FULL",
      "foreign_keys = ON",
      // The log takes about 16 MiB before it is written back: pages that are changed often are written back once, and no write-back blocks for long.
      `cache_size = -${pages}`,
      "wal_autocheckpoint = 4096",
      "journal_size_limit = 67108864",
    ]) {
      this.#sqlite.run(`PRAGMA ${pragma}`);
    }
  }

  /** What others hold is told at once from now on. */
  neverWait(): void {
    this.#sqlite.run("PRAGMA busy_timeout = 0");
  }

  async query(sql: string, values: readonly Value[] = []): Promise<readonly Row[]> {
    try {
      return this.#prepared(sql).all(...values);
    } catch (error) {
      throw awayIfAway(error);
    }
  }

  async bulk(
    { input, sql, single }: BulkStatement,
    rows: readonly (readonly Value[])[],
  ): Promise<readonly Row[]> {
    if (rows.length === 0) return [];
    try {
      const prepared = this.#prepared(single ?? overInput(input, sql));
      const results: Row[] = [];
      for (const row of rows) for (const result of prepared.all(...row)) results.push(result);
      return results;
    } catch (error) {
      throw awayIfAway(error);
    }
  }

  close(): void {
    for (const statement of this.#statements.values()) statement.finalize();
    this.#statements.clear();
    this.#sqlite.close();
  }

  #prepared(sql: string): Statement<Row, Value[]> {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#sqlite.prepare<Row, Value[]>(sql.replace(/\$(\d+)/g, "?$1"));
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** A statement that reads one row from `input`. */
function overInput(input: BulkStatement["input"], sql: string): string {
  const names = Object.keys(input);
  const marks = names.map((_, i) => `$${i + 1}`).join(", ");
  return `WITH input (${names.join(", ")}) AS (VALUES (${marks})) ${sql}`;
}

function isBusy(error: unknown): boolean {
  const cause = error instanceof LedgerAwayError ? error.cause : error;
  return cause instanceof SQLiteError && (cause.code ?? "").startsWith("SQLITE_BUSY");
}

/** What is not the fault of a statement: the file is locked, full, read-only, gone or damaged. */
function awayIfAway(error: unknown): unknown {
  if (!(error instanceof SQLiteError)) {
    const isSystem = error instanceof Error && "code" in error && "syscall" in error;
    return isSystem ? new LedgerAwayError(error.message, error) : error;
  }
  const isOurs = /^SQLITE_(CONSTRAINT|ERROR|MISUSE|MISMATCH|RANGE|TOOBIG)/.test(error.code ?? "SQLITE_ERROR");
  return isOurs ? error : new LedgerAwayError(`SQLite says "${error.message}".`, error);
}
