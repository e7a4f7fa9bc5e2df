import { statSync } from "node:fs";
import { chown, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Database } from "./database/database.ts";
import { spentTables } from "./database/spent-tables.ts";
import { openSqlite } from "./database/sqlite.ts";
import { GroupCommit } from "./group-commit.ts";
import { SpentRows } from "./spent.ts";

/**
 * The spent addresses of a data folder, in an SQLite file of their own. The file is made when the first address is
 * spent, or the first secret noted, and several processes may have it open. Where root makes it, it belongs to the
 * owner of the folder.
 *
 * Every method throws a `LedgerAwayError` when the file cannot be read or written.
 */
export class SpentFile {
  readonly #path: string;
  #open: Promise<OpenFile> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async has(token: string, generation?: number): Promise<boolean> {
    if (fileAt(this.#path) === undefined) return false;
    return (await this.#rows()).has(token, generation);
  }

  async add(tokens: readonly string[]): Promise<void> {
    if (tokens.length > 0) await (await this.#rows()).add(tokens);
  }

  async generationOf(space: string, mark: string): Promise<number> {
    return (await this.#rows()).generationOf(space, mark);
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    // What could not be opened needs not be closed.
    await open
      ?.then(({ changes, database }) => changes.settled().then(() => database.close()))
      .catch(() => undefined);
  }

  /** Another volume may have come to the path since the file was opened. */
  async #rows(): Promise<SpentRows> {
    const opened = this.#open;
    const open = await opened?.catch(() => undefined);
    const isOther = open !== undefined && open.file !== fileAt(this.#path);
    if (isOther && this.#open === opened) await this.close();
    this.#open ??= openFile(this.#path).catch((error: unknown) => {
      this.#open = undefined;
      throw error;
    });
    return (await this.#open).rows;
  }
}

interface OpenFile {
  /** What tells it from another one at its path. */
  readonly file: string | undefined;
  readonly database: Database;
  readonly changes: GroupCommit;
  readonly rows: SpentRows;
}

async function openFile(path: string): Promise<OpenFile> {
  const database = await openSqlite(path);
  try {
    await database.writeSchema(async (session) => {
      const [found] = await session.query("SELECT name FROM sqlite_master WHERE name = 'slotd_spent'");
      if (found !== undefined) return;
      for (const statement of spentTables(database.dialect)) await session.query(statement);
    });
    await giveToOwner(path);
    const changes = new GroupCommit(database);
    return { file: fileAt(path), database, changes, rows: new SpentRows(database, changes) };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** What root has made must be of use to the user that runs slotd. */
async function giveToOwner(path: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(dirname(path));
  for (const suffix of ["", "-wal", "-shm"])
    if (fileAt(path + suffix) !== undefined) await chown(path + suffix, uid, gid);
}

/** undefined: there is none. Asked for each upload: a trip to a thread and back costs ten times the call itself. */
function fileAt(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && `${found.dev} ${found.ino}`;
}
