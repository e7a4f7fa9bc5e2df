import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";

/**
 * Makes an SQLite database for one run in a folder. What is in it is lost when the process ends, and its file has no name.
 *
 * @param schema SQL.
 */
export function openScratchDatabase(folder: string, schema: string): ScratchDatabase {
  const own = mkdtempSync(join(folder, "slotd-import-"));
  try {
    const database = new DatabaseSync(join(own, "keys"));
    database.exec(`
      PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA temp_store = FILE; PRAGMA cache_size = -8192; ${schema}; BEGIN`);
    return database;
  } finally {
    // SQLite keeps the descriptor. Without a journal it opens no other file.
    rmSync(own, { recursive: true });
  }
}

export interface ScratchDatabase {
  prepare(sql: string): StatementSync;
  exec(sql: string): void;
  close(): void;
}
