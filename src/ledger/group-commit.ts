import type { Database, Session } from "./database/database.ts";
import { LedgerAwayError } from "./errors.ts";
import { type Needs, UnitOfWork } from "./unit-of-work.ts";

/** One change of the ledger. */
export interface Entry<T> {
  readonly needs: Needs;
  /** Makes the change in a unit of work. It may be made anew in another one, and then the first time has left no trace. */
  post(work: UnitOfWork): T | Promise<T>;
}

/** Work on the database itself, in a transaction without any entry. */
type Work<T> = (session: Session) => Promise<T>;

interface Waiting {
  readonly what: Entry<unknown> | Work<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Milliseconds of a clock that never goes back. */
  readonly since: number;
}

/** How much may pile up while the database lets nobody write. */
export interface Queue {
  /** How long an entry waits for its turn at most; milliseconds. Who asked is still there to be told, then. */
  readonly patience: number;
  /** How many wait at most; 20,000 take about 20 MiB. */
  readonly mostWaiting: number;
}

const ordinary: Queue = { patience: 4_000, mostWaiting: 20_000 };

/** The most entries of one commit: it bounds how long another slotd waits for its turn. */
const largestBatch = 512;

/**
 * Makes entries durable together: those that arrive in one turn of the event loop, and those that arrive while a
 * commit is under way, share the next one. Each is made after the other, as if it were alone.
 *
 * While the database lets nobody write, entries do not pile up: one that has waited too long, or that finds too many
 * before it, is refused as if the database were away, and has changed nothing.
 */
export class GroupCommit {
  readonly #database: Database;
  readonly #queue: Queue;
  #waiting: Waiting[] = [];
  #isCommitting = false;
  #overdue: NodeJS.Timeout | undefined;
  #settled: Promise<void> = Promise.resolve();

  constructor(database: Database, queue: Queue = ordinary) {
    this.#database = database;
    this.#queue = queue;
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
    clearTimeout(this.#overdue);
    this.#overdue = undefined;
  }

  /** Refuses those that have waited too long, and comes back for the next one. */
  #refuseOverdue(): void {
    const now = performance.now();
    const { patience } = this.#queue;
    const isInTime = ({ since }: Waiting) => now - since < patience;
    const first = this.#waiting.findIndex(isInTime);
    const overdue = this.#waiting.splice(0, first < 0 ? this.#waiting.length : first);
    for (const { reject } of overdue) reject(new LedgerAwayError("another process is writing to it."));
    const [next] = this.#waiting;
    const after = next === undefined ? patience : patience - (now - next.since);
    this.#overdue = setTimeout(() => this.#refuseOverdue(), after);
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
    if (this.#waiting.length >= this.#queue.mostWaiting) {
      return Promise.reject(new LedgerAwayError("too many changes wait for it already."));
    }
    return new Promise<T>((resolve, reject) => {
      const since = performance.now();
      this.#waiting.push({ what, resolve: (result) => resolve(result as T), reject, since });
      if (this.#isCommitting) return;
      this.#isCommitting = true;
      this.#overdue = setTimeout(() => this.#refuseOverdue(), this.#queue.patience);
      this.#settled = this.#commitAll();
    });
  }
}

async function carryOut(session: Session, batch: readonly Waiting[]): Promise<unknown[]> {
  const [first] = batch;
  if (typeof first?.what === "function") return [await first.what(session)];
  const entries = batch.flatMap(({ what }) => (typeof what === "function" ? [] : [what]));
  const work = new UnitOfWork(session);
  await work.read(entries.map(({ needs }) => needs));
  const results: unknown[] = [];
  for (const entry of entries) results.push(await entry.post(work));
  await work.write();
  return results;
}
