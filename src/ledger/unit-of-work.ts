import { type Account, Accounts, type DayEffect, isToday, userKey } from "./accounts.ts";
import type { Session } from "./database/database.ts";
import type { Holding, LedgerFile, PurposeName } from "./ledger.ts";
import {
  deleteFiles,
  dueOf,
  type FileRow,
  findFiles,
  findRates,
  insertFiles,
  readFile,
  recheckOf,
  saveRates,
  stateNumbers,
  timeOf,
  tokenKey,
  updateFiles,
} from "./rows.ts";

/** What has to be read before an entry can be made. */
export interface Needs {
  readonly tokens?: readonly string[];
  /** Users whose accounts are wanted; the domain's account and the whole's come with them. */
  readonly users?: readonly { readonly domain: string; readonly jid: string }[];
  readonly rates?: readonly { readonly domain: string; readonly name: string }[];
}

/** The most files that are evicted in one transaction: it bounds how long everybody else waits. */
const mostEvictions = 64;

/**
 * A unit of work: the ledger's rows during one transaction, read once, changed in memory by one entry after the other, written at
 * the end. Nobody else can write meanwhile, so what was read stays true.
 */
export class UnitOfWork {
  readonly #session: Session;
  readonly #accounts: Accounts;
  /** undefined: the database has none, or it was forgotten here. */
  readonly #files = new Map<string, FileRow | LedgerFile | undefined>();
  readonly #changedFiles = new Set<string>();
  readonly #forgottenIds: number[] = [];
  /** How many files were evicted in this transaction. */
  evictions = 0;
  /** By index and account: the last file that was looked at to be evicted. Those before it are evicted already. */
  readonly passed = new Map<string, number>();
  readonly #rates = new Map<
    string,
    { readonly domain: string; readonly name: string; fullAt: number; isChanged: boolean }
  >();

  constructor(session: Session) {
    this.#session = session;
    this.#accounts = new Accounts(session);
  }

  /**
   * For what is looked for beyond files and accounts by their names. It shows what was there before this transaction.
   */
  get session(): Session {
    return this.#session;
  }

  /** Whether this transaction may evict one more file. */
  get mayEvict(): boolean {
    return this.evictions < mostEvictions;
  }

  /** Reads what is needed and not here yet, the files' accounts included. */
  async read(all: readonly Needs[]): Promise<void> {
    const tokens = new Set(all.flatMap(({ tokens = [] }) => tokens));
    const unread = [...tokens].filter((token) => !this.#files.has(token));
    const files = await this.#session.bulk(
      findFiles,
      unread.map((token) => [tokenKey(token), token]),
    );
    await this.enter(files.map(readFile));
    for (const token of unread) if (!this.#files.has(token)) this.#files.set(token, undefined);
    await this.#accounts.read(all.flatMap(({ users = [] }) => users));
    await this.#readRates(all.flatMap(({ rates = [] }) => rates));
  }

  /** Takes in files that were found in another way, with their accounts. Gives each as it stands by now. */
  async enter(files: readonly FileRow[]): Promise<readonly LedgerFile[]> {
    await this.#accounts.read(files);
    const present: LedgerFile[] = [];
    for (const file of files) {
      if (!this.#files.has(file.token)) this.#files.set(file.token, file);
      const now = this.#files.get(file.token);
      if (now !== undefined) present.push(now);
    }
    return present;
  }

  file(token: string): LedgerFile | undefined {
    return this.#files.get(token);
  }

  /** The files that became complete in this transaction. */
  completedHere(): LedgerFile[] {
    return [...this.#changedFiles]
      .flatMap((token) => this.#files.get(token) ?? [])
      .filter(({ state }) => state === "complete");
  }

  /** One user's account of one purpose. */
  account(domain: string, jid: string, purpose: PurposeName): Account {
    return this.#accounts.of(domain, jid, purpose);
  }

  /**
   * One user's accounts, one for each purpose; without a JID those of a domain, without both those of the whole.
   *
   * @param purpose has one in any case, an empty one if need be.
   */
  accounts(domain: string, jid: string, purpose: PurposeName): readonly Account[] {
    this.#accounts.of(domain, jid, purpose);
    return this.#accounts.ofUser(domain, jid);
  }

  /** What one user has reserved on the day of `now`. */
  today(domain: string, jid: string, now: Date): Holding {
    const sum = { bytes: 0, files: 0 };
    for (const { day, dayBytes, dayFiles } of this.#accounts.ofUser(domain, jid)) {
      if (!isToday(day, now)) continue;
      sum.bytes += dayBytes;
      sum.files += dayFiles;
    }
    return sum;
  }

  /** When a rate's bucket is full again; in the past when it is. Milliseconds since 1970. */
  rateFullAt(domain: string, name: string): number {
    return this.#rates.get(userKey(domain, name))?.fullAt ?? 0;
  }

  setRate(domain: string, name: string, fullAt: number): void {
    this.#rates.set(userKey(domain, name), { domain, name, fullAt, isChanged: true });
  }

  /** Enters a new file, counted. */
  add(file: LedgerFile, day: DayEffect): void {
    this.#files.set(file.token, file);
    this.#changedFiles.add(file.token);
    this.#accounts.count(file, 1, day);
  }

  /** Changes a file, and the sums by what that means for them. */
  change(
    file: LedgerFile,
    change: Partial<Pick<LedgerFile, "state" | "size" | "askAt" | "completed">>,
    day: DayEffect = "none",
  ): LedgerFile {
    const changed = { ...file, ...change };
    this.#recount(file, changed, day);
    this.#files.set(file.token, changed);
    this.#changedFiles.add(file.token);
    return changed;
  }

  /** Takes a file out of the ledger, and out of the sums if it was counted. */
  forget(file: LedgerFile, day: DayEffect = "none"): void {
    if (isCounted(file)) this.#accounts.count(file, -1, day);
    this.#files.set(file.token, undefined);
    this.#changedFiles.delete(file.token);
    if ("id" in file) this.#forgottenIds.push(Number(file.id));
  }

  /** Writes all that was changed. */
  async write(): Promise<void> {
    const numbers = await this.#accounts.write();
    const changed = [...this.#changedFiles].flatMap((token) => this.#files.get(token) ?? []);
    const isOld = (file: LedgerFile): file is FileRow => "id" in file;
    await this.#session.bulk(
      deleteFiles,
      this.#forgottenIds.map((id) => [id]),
    );
    await this.#session.bulk(
      updateFiles,
      changed
        .filter(isOld)
        .map((file) => [
          file.id,
          file.size,
          stateNumbers[file.state],
          dueOf(file),
          recheckOf(file),
          timeOf(file.completed),
        ]),
    );
    await this.#session.bulk(
      insertFiles,
      changed
        .filter((file) => !isOld(file))
        .map((file) => {
          const { account, part } = numbers(file);
          return [
            ...[tokenKey(file.token), file.token, account, part, file.filename, file.size],
            ...[stateNumbers[file.state], file.reserved.getTime(), dueOf(file), recheckOf(file)],
            ...[timeOf(file.completed), timeOf(file.expires)],
          ];
        }),
    );
    const rates = [...this.#rates.values()].filter(({ isChanged }) => isChanged);
    await this.#session.bulk(
      saveRates,
      rates.map(({ domain, name, fullAt }) => [domain, name, Math.ceil(fullAt)]),
    );
  }

  #recount(before: LedgerFile, after: LedgerFile, day: DayEffect): void {
    if (before.size === after.size && day === "none") {
      if (before.state === after.state) return;
      // What mostly happens.
      if (before.state === "reserved" && after.state === "complete") {
        this.#accounts.settle(before);
        return;
      }
    }
    if (isCounted(before)) this.#accounts.count(before, -1, day);
    if (isCounted(after)) this.#accounts.count(after, 1, day);
  }

  async #readRates(rates: readonly { readonly domain: string; readonly name: string }[]): Promise<void> {
    const wanted = new Map(
      rates.map(({ domain, name }) => [userKey(domain, name), [domain, name] as const] as const),
    );
    for (const key of this.#rates.keys()) wanted.delete(key);
    for (const row of await this.#session.bulk(findRates, [...wanted.values()])) {
      const [domain, name, fullAt] = [String(row.domain), String(row.name), Number(row.full_at)];
      this.#rates.set(userKey(domain, name), { domain, name, fullAt, isChanged: false });
    }
  }
}

/** Whether the sums count a file. */
export function isCounted({ state }: LedgerFile): boolean {
  return state === "reserved" || state === "complete";
}
