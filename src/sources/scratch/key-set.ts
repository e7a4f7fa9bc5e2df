import { openScratchDatabase } from "./scratch-database.ts";

/** A set of texts on disk: about 60 bytes there for each, and 8 MiB of memory for all. Made for one run. */
export class KeySet {
  readonly #database: ReturnType<typeof openScratchDatabase>;
  readonly #insert: (key: string) => boolean;
  readonly #find: (key: string) => boolean;

  /** @param folder an existing one. */
  constructor(folder: string) {
    const database = openScratchDatabase(folder, "CREATE TABLE keys (key TEXT PRIMARY KEY) WITHOUT ROWID");
    const insert = database.prepare("INSERT OR IGNORE INTO keys VALUES (?)");
    const find = database.prepare("SELECT 1 FROM keys WHERE key = ?");
    this.#database = database;
    this.#insert = (key) => insert.run(key).changes === 1;
    this.#find = (key) => find.get(key) !== undefined;
  }

  /** @returns whether it is new. */
  add(key: string): boolean {
    return this.#insert(key);
  }

  has(key: string): boolean {
    return this.#find(key);
  }

  close(): void {
    this.#database.close();
  }
}
