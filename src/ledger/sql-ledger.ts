import type { Bytes } from "../slot/slot.ts";
import { auditSums, repairsOf, type WrongAccount } from "./audit.ts";
import type { Database } from "./database/database.ts";
import { MigratedDatabase } from "./database/migrated-database.ts";
import { LedgerAwayError } from "./errors.ts";
import { GroupCommit } from "./group-commit.ts";
import type {
  CompleteOptions,
  Completion,
  Disagreement,
  FilePage,
  FileState,
  Holding,
  Ledger,
  LedgerFile,
  LedgerSums,
  Limits,
  OverLimit,
  Page,
  Pruned,
  Reservation,
  Reserved,
  Selection,
  Usage,
  UserPage,
  UserSelection,
} from "./ledger.ts";
import { listFiles, listFilesOf, listUsage, readSums } from "./listings.ts";
import { MisdatedReservations } from "./misdated.ts";
import { dueFiles, filesToAsk, type PartFilter, partsOf, sumExpired } from "./parts.ts";
import { Pruning } from "./prune.ts";
import { FullScopes } from "./quota/full-scopes.ts";
import { retryAt } from "./quota/retry.ts";
import type { Over } from "./quota/room.ts";
import { findFiles, readFile, tokenKey } from "./rows.ts";
import { completeIn, reserveIn } from "./slot-entries.ts";
import { SpentRows } from "./spent.ts";
import { readStoreIds, sampleFiles, writeStoreId } from "./stores.ts";
import type { UnitOfWork } from "./unit-of-work.ts";

export interface LedgerDeps {
  readonly now: () => Date;
  /** How long after a PUT URL has expired the store is asked; milliseconds, 10,000 when absent. */
  readonly askAfter?: number;
}

/** In how many transactions expired files are evicted for one reservation, before it is refused. */
const mostTurns = 10;

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
  readonly #pruning: Pruning;
  readonly #spent: SpentRows;
  readonly #now: () => Date;
  readonly #askAfter: number;
  readonly #fullScopes = new FullScopes();
  readonly #misdated = new MisdatedReservations();

  constructor(database: Database, { now, askAfter = 10_000 }: LedgerDeps) {
    this.#database = database;
    this.#changes = new GroupCommit(database);
    this.#pruning = new Pruning(database, this.#changes);
    this.#spent = new SpentRows(database, this.#changes);
    this.#now = now;
    this.#askAfter = askAfter;
  }

  async reserve(reservation: Reservation, limits: Limits): Promise<Reserved | OverLimit> {
    const evicted: LedgerFile[] = [];
    // Mostly nothing has expired, and what has is looked for only when the time to try again was found to be now.
    let looksForExpired = false;
    // One transaction evicts some expired files, so that others do not wait for long.
    for (let turn = 0; ; turn += 1) {
      const { over, expired } = await this.#tryToReserve(reservation, limits, looksForExpired);
      evicted.push(...expired);
      if (over === undefined) return { evicted };
      const at = await retryAt(this.#database, this.#fullScopes, over, this.#now());
      const hasExpired = over.some(
        ({ full }) => full !== undefined && this.#fullScopes.hasExpired(full, this.#now()),
      );
      const isWorthIt = expired.length > 0 || (hasExpired && !looksForExpired);
      looksForExpired = true;
      if (isWorthIt && turn < mostTurns) continue;
      const [first] = over;
      if (first === undefined) throw new Error("a reservation was refused for no limit");
      const { limit, unit, used, allowed, asked } = first;
      return { over: limit, unit, used, allowed, asked, retryAt: at };
    }
  }

  /** The limits that a reservation is over, undefined when it was made; and what was evicted. */
  async #tryToReserve(
    reservation: Reservation,
    limits: Limits,
    looksForExpired: boolean,
  ): Promise<{ readonly over: readonly Over[] | undefined; readonly expired: readonly LedgerFile[] }> {
    const { token, domain } = reservation;
    let expired: LedgerFile[] = [];
    const over = await this.#changes.make({
      needs: {
        tokens: [token],
        users: [reservation],
        rates: limits.rates.map(({ name }) => ({ domain, name })),
      },
      post: (work) => {
        expired = [];
        return reserveIn(work, reservation, limits, {
          ...{ now: this.#now(), askAfter: this.#askAfter, fullScopes: this.#fullScopes },
          ...{ evicted: (file) => expired.push(file), looksForExpired },
        });
      },
    });
    return { over, expired };
  }

  async complete(
    token: string,
    size: Bytes,
    limits: (file: LedgerFile) => Limits,
    { evicted, askAgain }: CompleteOptions = {},
  ): Promise<Completion> {
    for (;;) {
      let files: LedgerFile[] = [];
      const outcome = await this.#change(token, "unknown" as const, (file, work) => {
        files = [];
        return completeIn(work, { ...file, size }, limits, {
          ...{ now: this.#now(), fullScopes: this.#fullScopes, looksForExpired: true, askAgain },
          evicted: (other) => files.push(other),
        });
      });
      if (files.length > 0) evicted?.(files);
      if (outcome !== "more") return outcome;
    }
  }

  confirm(token: string, size: Bytes | undefined): Promise<void> {
    return this.#change(token, undefined, (file, work) => {
      if (file.state === "complete" && file.askAt !== undefined)
        work.change(file, { size: size ?? file.size, askAt: undefined });
    });
  }

  release(token: string): Promise<boolean> {
    return this.#change(token, false, (file, work) => {
      if (file.state !== "reserved") return false;
      work.forget(file, { reserved: file.reserved, now: this.#now() });
      return true;
    });
  }

  abandon(token: string, askAgain?: Date): Promise<void> {
    return this.#change(token, undefined, (file, work) => {
      const day = { reserved: file.reserved, now: this.#now() };
      if (file.state === "reserved" && askAgain !== undefined) {
        work.change(file, { state: "abandoned", askAt: askAgain }, day);
      } else if (file.state === "reserved") work.forget(file, day);
      else if (file.state === "abandoned" && isDue(file, this.#now())) work.forget(file);
    });
  }

  postpone(token: string, askAt: Date): Promise<void> {
    return this.#change(token, undefined, (file, work) => {
      // What is complete and not to be asked about was settled meanwhile.
      if (file.state !== "complete" || file.askAt !== undefined) work.change(file, { askAt });
    });
  }

  async toAsk(domains: readonly string[], limit: number): Promise<readonly LedgerFile[]> {
    const due: LedgerFile[] = [];
    for (const state of ["reserved", "abandoned", "complete"] as const) {
      const parts = this.#parts(domains);
      due.push(...(await filesToAsk(this.#database, parts, state, this.#now(), limit - due.length)));
      if (due.length >= limit) return due;
    }
    const misdated = await this.#misdated.next(this.#database, this.#now());
    return [...due, ...misdated.filter(({ domain }) => domains.includes(domain))].slice(0, limit);
  }

  async expire(domains: readonly string[], limit: number): Promise<number> {
    // Mostly there is nothing, and that needs no turn at writing.
    if ((await this.#due(domains, "complete", 1)).length === 0) return 0;
    return this.#changes.make({
      needs: {},
      post: async (work) => {
        const found = await dueFiles(work.session, this.#parts(domains), "complete", this.#now(), limit);
        const files = (await work.enter(found)).filter(({ state }) => state === "complete");
        for (const file of files) markIn(work, file);
        return files.length;
      },
    });
  }

  expired(domains: readonly string[]): Promise<Holding> {
    return sumExpired(this.#database, this.#parts(domains), this.#now());
  }

  pendingDeletion(domains: readonly string[], limit: number): Promise<readonly LedgerFile[]> {
    return this.#due(domains, "pending-deletion", limit);
  }

  async markForDeletion(tokens: readonly string[]): Promise<readonly LedgerFile[]> {
    const marked = await Promise.all(
      tokens.map((token) =>
        this.#change(token, undefined, (file, work) =>
          file.state === "pending-deletion" ? undefined : markIn(work, file),
        ),
      ),
    );
    return marked.filter((file) => file !== undefined);
  }

  async forget(tokens: readonly string[]): Promise<void> {
    await Promise.all(
      tokens.map((token) => this.#change(token, undefined, (file, work) => work.forget(file))),
    );
  }

  adopt(file: Parameters<Ledger["adopt"]>[0]): Promise<boolean> {
    return this.#changes.make({
      needs: { tokens: [file.token], users: [file] },
      post: (work) => {
        if (work.file(file.token) !== undefined) return false;
        work.add({ ...file, state: "complete", reserved: file.completed, askAt: undefined }, "none");
        return true;
      },
    });
  }

  async find(token: string): Promise<LedgerFile | undefined> {
    const [row] = await this.#database.bulk(findFiles, [[tokenKey(token), token]]);
    return row === undefined ? undefined : readFile(row);
  }

  files(page: Page): Promise<readonly LedgerFile[]> {
    return listFiles(this.#database, page);
  }

  filesOf(user: UserSelection, page: UserPage): Promise<FilePage> {
    return listFilesOf(this.#database, user, page);
  }

  storeIds(domains: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return readStoreIds(this.#database, domains);
  }

  setStoreId(domains: readonly string[], id: string): Promise<void> {
    return this.#changes.alone((session) => writeStoreId(session, domains, id));
  }

  isSpent(token: string, generation?: number): Promise<boolean> {
    return this.#spent.has(token, generation);
  }

  addSpent(tokens: readonly string[]): Promise<void> {
    return this.#spent.add(tokens);
  }

  secretGeneration(space: string, mark: string): Promise<number> {
    return this.#spent.generationOf(space, mark);
  }

  sample(domain: string, limit: number): Promise<readonly LedgerFile[]> {
    return sampleFiles(this.#database, domain, limit);
  }

  usage(selection: Selection): Promise<readonly Usage[]> {
    return listUsage(this.#database, selection, this.#now());
  }

  sums(domains: readonly string[]): Promise<LedgerSums> {
    return readSums(this.#database, domains);
  }

  async audit(): Promise<readonly Disagreement[]> {
    return (await auditSums(this.#database)).map(disagreementOf);
  }

  async repair(): Promise<readonly Disagreement[]> {
    const wrong = await auditSums(this.#database);
    for (const repair of repairsOf(wrong)) await this.#changes.alone(repair);
    return wrong.map(disagreementOf);
  }

  prune(): Promise<Pruned> {
    return this.#pruning.next(this.#now());
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
    post: (file: LedgerFile, work: UnitOfWork) => T | Promise<T>,
  ): Promise<T> {
    return this.#changes.make({
      needs: { tokens: [token] },
      post: (work) => {
        const file = work.file(token);
        return file === undefined ? unknown : post(file, work);
      },
    });
  }

  #due(domains: readonly string[], state: FileState, limit: number): Promise<readonly LedgerFile[]> {
    return dueFiles(this.#database, this.#parts(domains), state, this.#now(), limit);
  }

  #parts(domains: readonly string[]): PartFilter {
    return partsOf(domains, this.#database.dialect.texts);
  }
}

function disagreementOf({ account, counted, listed }: WrongAccount): Disagreement {
  return { account, counted, listed };
}

/**
 * A file pending deletion keeps its share of the day: what was sent that day was sent. While it is reserved its PUT URL
 * waits to be used, and there is nothing to remove before; all else is to be removed at once.
 */
function markIn(work: UnitOfWork, file: LedgerFile): LedgerFile {
  return work.change(file, {
    state: "pending-deletion",
    askAt: file.state === "reserved" ? file.askAt : undefined,
  });
}

function isDue({ askAt }: LedgerFile, now: Date): boolean {
  return askAt !== undefined && askAt <= now;
}
