import { Books, type Needs } from "./books.ts";
import type { Database, Session } from "./database.ts";
import { LedgerAwayError } from "./errors.ts";

/** One change of the ledger. */
export interface Entry<T> {
  readonly needs: Needs;
  /** Makes the change in the books. It may be made anew on fresh books, and then the first time has left no trace. */
  post(books: Books): T | Promise<T>;
}

/** Work on the database itself, in a transaction without any entry. */
type Work<T> = (session: Session) => Promise<T>;

interface Waiting {
  readonly what: Entry<unknown> | Work<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** The most entries of one commit: it bounds how long another slotd waits for its turn. */
const largestBatch = 512;

/**
 * Makes entries durable together: those that arrive in one turn of the event loop, and those that arrive while a
 * commit is under way, share the next one. Each is made after the other, as if it were alone.
 */
export class GroupCommit {
  readonly #database: Database;
  #waiting: Waiting[] = [];
  #isCommitting = false;
  #settled: Promise<void> = Promise.resolve();

  constructor(database: Database) {
    this.#database = database;
  }

  /** @throws what `post` throws, and what the database does. Nothing was changed then; see LedgerAwayError. */
  make<T>(entry: Entry<T>): Promise<T> {
    return this.#enqueue<T>(entry);
  }

  /** Works on the database in a transaction of its own, between those of the entries. */
  alone<T>(work: Work<T>): Promise<T> {
    return this.#enqueue<T>(work);
  }

  /** Resolves when all that has arrived is settled. */
  async settled(): Promise<void> {
    while (this.#isCommitting) await this.#settled;
  }

  async #commitAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      // The rest of this turn's requests come first.
      await new Promise((resolve) => setImmediate(resolve));
      await this.#commit(this.#takeBatch());
    }
    this.#isCommitting = false;
  }

  #takeBatch(): Waiting[] {
    const isWork = ({ what }: Waiting) => typeof what === "function";
    const firstWork = this.#waiting.slice(0, largestBatch).findIndex(isWork);
    const count = firstWork < 0 ? largestBatch : Math.max(1, firstWork);
    const batch = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    return batch;
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    try {
      const results = await this.#database.write((session) => carryOut(session, batch));
      for (const [i, { resolve }] of batch.entries()) resolve(results[i]);
    } catch (error) {
      // One that cannot be made must not take the others with it.
      if (batch.length > 1 && !(error instanceof LedgerAwayError)) {
        for (const alone of batch) await this.#commit([alone]);
      } else for (const { reject } of batch) reject(error);
    }
  }

  #enqueue<T>(what: Entry<T> | Work<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ what, resolve: (result) => resolve(result as T), reject });
      if (this.#isCommitting) return;
      this.#isCommitting = true;
      this.#settled = this.#commitAll();
    });
  }
}

async function carryOut(session: Session, batch: readonly Waiting[]): Promise<unknown[]> {
  const [first] = batch;
  if (typeof first?.what === "function") return [await first.what(session)];
  const entries = batch.flatMap(({ what }) => (typeof what === "function" ? [] : [what]));
  const books = new Books(session);
  await books.read(entries.map(({ needs }) => needs));
  const results: unknown[] = [];
  for (const entry of entries) results.push(await entry.post(books));
  await books.write();
  return results;
}
