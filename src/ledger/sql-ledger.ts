import type { Bytes } from "../slot/slot.ts";
import { auditSums, mendSums } from "./audit.ts";
import type { Books } from "./books.ts";
import type { Database, Value } from "./database.ts";
import { LedgerAwayError } from "./errors.ts";
import { GroupCommit } from "./group-commit.ts";
import type {
  Completion,
  Disagreement,
  Holding,
  Ledger,
  LedgerFile,
  Limits,
  OverLimit,
  Page,
  Reservation,
  Reserved,
  Selection,
  Usage,
} from "./ledger.ts";
import { listFiles, listUsage } from "./listings.ts";
import { MigratedDatabase } from "./migrated-database.ts";
import { afterTaking } from "./rate.ts";
import { retryAt } from "./retry.ts";
import { findRoom, type Over } from "./room.ts";
import { filesFirst, findFiles, readFile, selectFiles, tokenKey } from "./rows.ts";

export interface LedgerDeps {
  readonly now: () => Date;
  /** How long after a PUT URL has expired the store is asked; milliseconds, 10,000 when absent. */
  readonly askAfter?: number;
}

/**
 * A ledger in this database, whose schema is made or brought up to date first; if the database is away, as soon as
 * it can be reached. The ledger owns the database from then on; when this fails, it is closed.
 *
 * @throws {LedgerSchemaError} when a newer slotd has used the database.
 */
export async function openSqlLedger(database: Database, deps: LedgerDeps): Promise<Ledger> {
  try {
    const migrated = new MigratedDatabase(database);
    await migrated.ready().catch(ignoreAway);
    return new SqlLedger(migrated, deps);
  } catch (error) {
    await database.close();
    throw error;
  }
}

function ignoreAway(error: unknown): void {
  if (!(error instanceof LedgerAwayError)) throw error;
}

class SqlLedger implements Ledger {
  readonly #database: Database;
  readonly #changes: GroupCommit;
  readonly #now: () => Date;
  readonly #askAfter: number;

  constructor(database: Database, { now, askAfter = 10_000 }: LedgerDeps) {
    this.#database = database;
    this.#changes = new GroupCommit(database);
    this.#now = now;
    this.#askAfter = askAfter;
  }

  async reserve(reservation: Reservation, limits: Limits): Promise<Reserved | OverLimit> {
    const { token, domain } = reservation;
    const outcome = await this.#changes.make({
      needs: {
        tokens: [token],
        users: [reservation],
        rates: limits.rates.map(({ name }) => ({ domain, name })),
      },
      post: (books) => this.#reserve(books, reservation, limits),
    });
    if ("doomed" in outcome) return outcome;
    const [first] = outcome.over;
    if (first === undefined) throw new Error("a reservation was refused for no limit");
    const { limit, unit, used, allowed, asked } = first;
    const at = await retryAt(this.#database, reservation, outcome.over, this.#now());
    return { over: limit, unit, used, allowed, asked, retryAt: at };
  }

  async #reserve(
    books: Books,
    reservation: Reservation,
    limits: Limits,
  ): Promise<Reserved | { readonly over: readonly Over[] }> {
    if (books.file(reservation.token) !== undefined) return { doomed: [] };
    const now = this.#now();
    const room = await findRoom(books, reservation, limits, now);
    if ("over" in room) return room;
    const doomed = room.giveWay.map((file) => doomIn(books, file));
    const { putUntil, ...file } = reservation;
    const askAt = new Date(putUntil.getTime() + this.#askAfter);
    books.add({ ...file, state: "reserved", reserved: now, askAt, completed: undefined }, now);
    for (const { name, rate } of limits.rates) {
      const fullAt = books.rateFullAt(reservation.domain, name);
      books.setRate(reservation.domain, name, afterTaking(fullAt, now.getTime(), rate));
    }
    return { doomed };
  }

  complete(
    token: string,
    size: Bytes,
    limits: (file: LedgerFile) => Limits,
    askAgain?: Date,
  ): Promise<Completion> {
    return this.#change(token, "unknown", async (file, books): Promise<Completion> => {
      if (file.state === "complete") return "complete";
      if (file.state === "doomed") return "doomed";
      const done = { state: "complete", size, askAt: askAgain, completed: this.#now() } as const;
      if (file.state === "reserved") {
        books.change(file, done);
        return "complete";
      }
      // Its slot was given, and so it is not charged to the rate again.
      const room = await findRoom(books, { ...file, size }, { ...limits(file), rates: [] }, this.#now());
      if ("over" in room) {
        books.change(file, { state: "doomed", askAt: undefined });
        return "over";
      }
      for (const other of room.giveWay) doomIn(books, other);
      books.change(file, done, file.reserved);
      return "complete";
    });
  }

  confirm(token: string, size: Bytes | undefined): Promise<void> {
    return this.#change(token, undefined, (file, books) => {
      if (file.state === "complete" && file.askAt !== undefined)
        books.change(file, { size: size ?? file.size, askAt: undefined });
    });
  }

  release(token: string): Promise<boolean> {
    return this.#change(token, false, (file, books) => {
      if (file.state !== "reserved") return false;
      books.forget(file, file.reserved);
      return true;
    });
  }

  lapse(token: string, askAgain?: Date): Promise<void> {
    return this.#change(token, undefined, (file, books) => {
      if (file.state === "reserved" && askAgain !== undefined) {
        books.change(file, { state: "lapsed", askAt: askAgain }, file.reserved);
      } else if (file.state === "reserved") books.forget(file, file.reserved);
      else if (file.state === "lapsed" && isDue(file, this.#now())) books.forget(file);
    });
  }

  postpone(token: string, askAt: Date): Promise<void> {
    return this.#change(token, undefined, (file, books) => {
      // What is complete and not to be asked about, or doomed and to be removed at once, was settled meanwhile.
      if (file.askAt !== undefined || file.state === "doomed") books.change(file, { askAt });
    });
  }

  async toAsk(domains: readonly string[], limit: number): Promise<readonly LedgerFile[]> {
    return this.#files(
      `f.ask_at <= $1 AND f.state IN (0, 1, 2) AND a.domain IN ${this.#database.dialect.texts("$2")} ORDER BY f.ask_at LIMIT $3`,
      [this.#now().getTime(), JSON.stringify(domains), limit],
    );
  }

  async expire(domains: readonly string[], limit: number): Promise<number> {
    // Mostly there is nothing, and that needs no turn at writing.
    const [any] = await this.#files(`${this.#hasExpired()} LIMIT 1`, [
      this.#now().getTime(),
      JSON.stringify(domains),
    ]);
    if (any === undefined) return 0;
    return this.#changes.make({
      needs: {},
      post: async (books) => {
        const rows = await books.session.query(
          `${selectFiles.filesFirst} ${this.#hasExpired()} ORDER BY f.expires_at LIMIT $3`,
          [this.#now().getTime(), JSON.stringify(domains), limit],
        );
        const files = (await books.enter(rows.map(readFile))).filter(({ state }) => state === "complete");
        for (const file of files) doomIn(books, file);
        return files.length;
      },
    });
  }

  async expired(domains: readonly string[]): Promise<Holding> {
    const [row] = await this.#database.query(
      `SELECT COUNT(*) AS files, COALESCE(SUM(f.size), 0) AS bytes
        ${filesFirst} ${this.#hasExpired()}`,
      [this.#now().getTime(), JSON.stringify(domains)],
    );
    return { bytes: Number(row?.bytes), files: Number(row?.files) };
  }

  doomed(domains: readonly string[], { limit, after = "" }: Page): Promise<readonly LedgerFile[]> {
    return this.#files(
      `f.state = 3 AND (f.token_key, f.token) > ($5, $1) AND a.domain IN ${this.#database.dialect.texts("$2")}
        AND (f.ask_at IS NULL OR f.ask_at <= $3) ORDER BY f.token_key, f.token LIMIT $4`,
      [after, JSON.stringify(domains), this.#now().getTime(), limit, tokenKey(after)],
    );
  }

  async doom(tokens: readonly string[]): Promise<readonly LedgerFile[]> {
    const doomed = await Promise.all(
      tokens.map((token) =>
        this.#change(token, undefined, (file, books) =>
          file.state === "doomed" ? undefined : doomIn(books, file),
        ),
      ),
    );
    return doomed.filter((file) => file !== undefined);
  }

  async forget(tokens: readonly string[]): Promise<void> {
    await Promise.all(
      tokens.map((token) => this.#change(token, undefined, (file, books) => books.forget(file))),
    );
  }

  adopt(file: Parameters<Ledger["adopt"]>[0]): Promise<boolean> {
    return this.#changes.make({
      needs: { tokens: [file.token], users: [file] },
      post: (books) => {
        if (books.file(file.token) !== undefined) return false;
        books.add({ ...file, state: "complete", reserved: file.completed, askAt: undefined }, "none");
        return true;
      },
    });
  }

  async find(token: string): Promise<LedgerFile | undefined> {
    const [row] = await this.#database.bulk(findFiles, [[tokenKey(token), token]]);
    return row === undefined ? undefined : readFile(row);
  }

  files(selection: Selection, page: Page): Promise<readonly LedgerFile[]> {
    return listFiles(this.#database, selection, page);
  }

  usage(selection: Selection): Promise<readonly Usage[]> {
    return listUsage(this.#database, selection, this.#now());
  }

  audit(): Promise<readonly Disagreement[]> {
    return this.#changes.alone(auditSums);
  }

  mend(): Promise<void> {
    return this.#changes.alone(mendSums);
  }

  async isReachable(): Promise<boolean> {
    try {
      await this.#changes.alone(async () => undefined);
      return true;
    } catch (error) {
      if (error instanceof LedgerAwayError) return false;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#changes.settled();
    await this.#database.close();
  }

  /** Changes the file of a token; `unknown` is the result when there is none. */
  #change<T>(
    token: string,
    unknown: T,
    post: (file: LedgerFile, books: Books) => T | Promise<T>,
  ): Promise<T> {
    return this.#changes.make({
      needs: { tokens: [token] },
      post: (books) => {
        const file = books.file(token);
        return file === undefined ? unknown : post(file, books);
      },
    });
  }

  async #files(where: string, values: readonly Value[]): Promise<readonly LedgerFile[]> {
    return (await this.#database.query(`${selectFiles.filesFirst} ${where}`, values)).map(readFile);
  }

  #hasExpired(): string {
    return `f.state = 1 AND f.expires_at <= $1 AND a.domain IN ${this.#database.dialect.texts("$2")}`;
  }
}

/**
 * A doomed file keeps its share of the day: what was sent that day was sent. One that was complete can be removed at
 * once, whatever may still replace it.
 */
function doomIn(books: Books, file: LedgerFile): LedgerFile {
  return books.change(file, {
    state: "doomed",
    ...(file.state === "complete" ? { askAt: undefined } : {}),
  });
}

function isDue({ askAt }: LedgerFile, now: Date): boolean {
  return askAt !== undefined && askAt <= now;
}
