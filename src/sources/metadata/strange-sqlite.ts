import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { SourceError } from "../source.ts";

/** A database of a former service, which is only read. */
export interface StrangeDatabase {
  /** @throws {SourceError} when it is damaged, or locked for longer than a second. */
  rows(sql: string, ...values: readonly (string | number)[]): Row[];
  close(): void;
}

export type Row = Readonly<Record<string, unknown>>;

/**
 * Opens an SQLite file of a former service, without making or changing any file: also beside it, where a log that
 * belongs to root would lock the service out. 4 MiB of memory; what a row may have is bounded by the query.
 *
 * @param table one that it must have. It must be a table: a view would run what the file says.
 * @throws {SourceError} when it is not such a database, or was not closed in order.
 */
export function openStrangeDatabase(path: string, table: string): StrangeDatabase {
  const told = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      if (error instanceof SourceError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new SourceError(`The database ${path} cannot be read: ${reason}.`, error);
    }
  };
  const database = told(() => new DatabaseSync(uriOf(path), { readOnly: true }));
  const rows = (sql: string, ...values: readonly (string | number)[]): Row[] =>
    told(() => database.prepare(sql).all(...values));
  try {
    // What a file may do to its reader: https://www.sqlite.org/security.html
    told(() => database.exec(guards));
    const [found] = rows("SELECT sql FROM sqlite_schema WHERE name = ? AND type = 'table'", table);
    if (typeof found?.sql !== "string" || !/^create table/i.test(found.sql)) {
      throw new SourceError(`Expected a database with the table ${table} in ${path}.`);
    }
    return { rows, close: () => database.close() };
  } catch (error) {
    database.close();
    throw error;
  }
}

const guards = `
  PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA query_only = ON;
  PRAGMA cache_size = -4096; PRAGMA busy_timeout = 1000`;

function uriOf(path: string): string {
  const uri = `${pathToFileURL(path).href}?mode=ro`;
  if (!isInWalMode(path)) return uri;
  if (!existsSync(`${path}-wal`)) return `${uri}&immutable=1`;
  // The service runs and shares its log; otherwise SQLite would make a file beside it.
  if (existsSync(`${path}-shm`)) return uri;
  throw new SourceError(
    `The database ${path} was not closed in order: ${path}-wal is not merged into it. Start and stop its service once, then repeat.`,
  );
}

/** Source: https://www.sqlite.org/fileformat2.html, §1.3.3. */
function isInWalMode(path: string): boolean {
  const header = Buffer.alloc(20);
  try {
    const fd = openSync(path, "r");
    try {
      readSync(fd, header, 0, header.length, 0);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw new SourceError(`The database ${path} cannot be read.`, error);
  }
  if (header.toString("latin1", 0, 15) !== "SQLite format 3") {
    throw new SourceError(`Expected an SQLite database in ${path}.`);
  }
  return header[18] === 2;
}
