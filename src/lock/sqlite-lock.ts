import { SQLiteError, Database as Sqlite } from "bun:sqlite";
import { chown, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type FileLock, LockedError, NoLocksError, type TakeOptions } from "./file-lock.ts";

/** From one try to the next, milliseconds. */
const tryAgain = 50;

/**
 * Locks a file by a transaction of SQLite's that is begun and never ended: it takes the kernel's lock for writing on
 * a byte of the file (fcntl), which only one can have, and writes nothing. node: has no call for such a lock. The
 * kernel frees it with the process; so nothing is left behind that had to be judged by the id of a process, which
 * means nothing in another container. On NFS it is the server's.
 *
 * Source: SQLite, "File Locking And Concurrency In SQLite Version 3", RESERVED.
 */
export async function takeSqliteLock(path: string, options: TakeOptions = {}): Promise<FileLock> {
  const { patience = 0, onWait } = options;
  const giveUpAt = performance.now() + patience;
  for (let isFirst = true; ; isFirst = false) {
    try {
      return new SqliteLock(path, await hold(path));
    } catch (error) {
      if (!(error instanceof LockedError) || performance.now() >= giveUpAt) throw error;
      if (isFirst) onWait?.();
      await sleep(tryAgain);
    }
  }
}

/** A locked file, and what tells it from another one that came to its path. */
interface Held {
  readonly sqlite: Sqlite;
  readonly file: string;
}

class SqliteLock implements FileLock {
  readonly #path: string;
  #held: Held | undefined;

  constructor(path: string, held: Held) {
    this.#path = path;
    this.#held = held;
  }

  async follow(): Promise<boolean> {
    if (this.#held === undefined) return false;
    if ((await fileAt(this.#path)) === this.#held.file) return true;
    try {
      const held = await hold(this.#path);
      this.#held.sqlite.close();
      this.#held = held;
      return true;
    } catch (error) {
      if (error instanceof LockedError) return false;
      throw error;
    }
  }

  async release(): Promise<void> {
    this.#held?.sqlite.close();
    this.#held = undefined;
  }
}

/** The file must never be opened but by SQLite: closing it anywhere in a process ends that process's locks on it. */
async function hold(path: string): Promise<Held> {
  let sqlite: Sqlite | undefined;
  try {
    sqlite = new Sqlite(path, { create: true, readwrite: true });
    sqlite.run("PRAGMA busy_timeout = 0");
    // No journal beside the file: nothing is ever written.
    sqlite.run("PRAGMA journal_mode = MEMORY");
    sqlite.run("BEGIN IMMEDIATE");
    await giveToOwner(path);
    return { sqlite, file: await fileAt(path) };
  } catch (error) {
    sqlite?.close();
    const isBusy = error instanceof SQLiteError && (error.code ?? "").startsWith("SQLITE_BUSY");
    throw isBusy ? new LockedError(path, error) : new NoLocksError(path, error);
  }
}

/** What root has made must be of use to the user that runs slotd. */
async function giveToOwner(path: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(dirname(path));
  await chown(path, uid, gid);
}

async function fileAt(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? "" : `${found.dev} ${found.ino}`;
}
