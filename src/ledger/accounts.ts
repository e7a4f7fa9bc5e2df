import type { Session } from "./database/database.ts";
import type { LedgerFile, PurposeName } from "./ledger.ts";
import { clockDifference } from "./quota/rate.ts";
import { type AccountRow, findAccounts, insertAccounts, readAccount, updateAccounts } from "./rows.ts";

/** What a change of holding does to the day's account: reserving and taking back count, all else does not. */
export type DayEffect = "none" | { readonly reserved: Date; readonly now: Date };

/** What one user, a domain or the whole holds of one purpose. */
export interface Account {
  readonly row: AccountRow;
  /** Of reserved and complete files. */
  bytes: number;
  files: number;
  /** The part of it that is reserved. */
  reservedBytes: number;
  reservedFiles: number;
  day: number;
  dayBytes: number;
  dayFiles: number;
  isChanged: boolean;
}

/** Milliseconds. */
export const dayLength = 86_400_000;

/** The number of the day, UTC, since 1970. */
export function dayOf(date: Date): number {
  return dayAt(date.getTime());
}

function dayAt(milliseconds: number): number {
  return Math.floor(milliseconds / dayLength);
}

/**
 * Whether a day that something was counted on is today, or has begun for another slotd whose clock is ahead. A later
 * one comes of a clock that was wrong, and binds nobody.
 */
export function isToday(day: number, now: Date): boolean {
  return day >= dayOf(now) && day <= dayAt(now.getTime() + clockDifference);
}

/** The accounts of one transaction: read once, changed in memory, written at the end. */
export class Accounts {
  readonly #session: Session;
  /** By domain and JID: one for each purpose that there is. */
  readonly #users = new Map<string, Account[]>();

  constructor(session: Session) {
    this.#session = session;
  }

  /** Reads the accounts of these users, of their domains and of the whole, where they are not here yet. */
  async read(users: readonly { readonly domain: string; readonly jid: string }[]): Promise<void> {
    const wanted: (readonly [domain: string, jid: string])[] = [];
    const want = (domain: string, jid: string): void => {
      const key = userKey(domain, jid);
      if (this.#users.has(key)) return;
      this.#users.set(key, []);
      wanted.push([domain, jid]);
    };
    for (const { domain, jid } of users) {
      want(domain, jid);
      want(domain, "");
      want("", "");
    }
    for (const row of await this.#session.bulk(findAccounts, wanted)) {
      const account = readAccount(row);
      this.#users.get(userKey(account.domain, account.jid))?.push(accountOf(account));
    }
  }

  /**
   * The accounts of one user, one for each purpose that there is; without a JID a domain's, without both the whole's.
   */
  ofUser(domain: string, jid: string): readonly Account[] {
    return this.#users.get(userKey(domain, jid)) ?? [];
  }

  /** One account; a new and empty one when there is none. It must have been read for. */
  of(domain: string, jid: string, purpose: PurposeName): Account {
    const user = this.#users.get(userKey(domain, jid));
    if (user === undefined) throw new Error("an account is used that was not read");
    let account = user.find(({ row }) => row.purpose === purpose);
    if (account === undefined) {
      account = accountOf({ id: undefined, domain, jid, purpose, ...nothing });
      user.push(account);
    }
    return account;
  }

  /** Adds a file to the sums that it is in, or takes it out of them. */
  count({ domain, jid, purpose, size, state }: LedgerFile, sign: 1 | -1, day: DayEffect): void {
    const counting = this.#countingIn(domain, jid, purpose);
    for (const account of counting) {
      account.bytes += sign * size;
      account.files += sign;
      if (state === "reserved") {
        account.reservedBytes += sign * size;
        account.reservedFiles += sign;
      }
      account.isChanged = true;
    }
    if (day !== "none") countDay(counting[0], day, sign * size, sign);
  }

  /** A reserved file is complete with the size that it was reserved with. */
  settle({ domain, jid, purpose, size }: LedgerFile): void {
    for (const account of this.#countingIn(domain, jid, purpose)) {
      account.reservedBytes -= size;
      account.reservedFiles -= 1;
      account.isChanged = true;
    }
  }

  /** Those that count a file: its user's, its domain's, the whole's. */
  #countingIn(domain: string, jid: string, purpose: PurposeName): [own: Account, Account, Account] {
    return [this.of(domain, jid, purpose), this.of(domain, "", purpose), this.of("", "", purpose)];
  }

  /** Writes what was changed. Gives the numbers of each file's account and part. */
  async write(): Promise<(file: LedgerFile) => { readonly account: number; readonly part: number }> {
    const changed = [...this.#users.values()].flat().filter(({ isChanged }) => isChanged);
    const counts = (account: Account) => [
      account.bytes,
      account.files,
      account.reservedBytes,
      account.reservedFiles,
      account.day,
      account.dayBytes,
      account.dayFiles,
    ];
    const fresh = changed.filter(({ row }) => row.id === undefined);
    const inserted = await this.#session.bulk(
      insertAccounts,
      fresh.map((account) => [account.row.domain, account.row.jid, account.row.purpose, ...counts(account)]),
    );
    await this.#session.bulk(
      updateAccounts,
      changed.flatMap((account) =>
        account.row.id === undefined ? [] : [[account.row.id, ...counts(account)]],
      ),
    );
    const newIds = new Map(
      inserted.map((row) => [
        accountKey(String(row.domain), String(row.jid), String(row.purpose)),
        Number(row.id),
      ]),
    );
    const idOf = (domain: string, jid: string, purpose: PurposeName): number => {
      const id = this.of(domain, jid, purpose).row.id ?? newIds.get(accountKey(domain, jid, purpose));
      if (id === undefined) throw new Error("an account was written and has no id");
      return id;
    };
    return ({ domain, jid, purpose }) => ({
      account: idOf(domain, jid, purpose),
      part: idOf(domain, "", purpose),
    });
  }
}

/** The clocks of two slotd may differ at midnight: a day that has begun does not end again. */
function countDay(
  account: Account,
  { reserved, now }: Exclude<DayEffect, "none">,
  bytes: number,
  files: number,
): void {
  const day = isToday(account.day, now) ? account.day : dayOf(now);
  const of = dayOf(reserved);
  // What was reserved on another day counts on that one, which is over.
  if (of !== day && !isToday(of, now)) return;
  if (day !== account.day) Object.assign(account, { day, dayBytes: 0, dayFiles: 0 });
  account.dayBytes = Math.max(0, account.dayBytes + bytes);
  account.dayFiles = Math.max(0, account.dayFiles + files);
}

const nothing = {
  ...{ bytes: 0, files: 0, reservedBytes: 0, reservedFiles: 0 },
  ...{ day: 0, dayBytes: 0, dayFiles: 0 },
};

function accountOf(row: AccountRow): Account {
  const { bytes, files, reservedBytes, reservedFiles, day, dayBytes, dayFiles } = row;
  return { row, bytes, files, reservedBytes, reservedFiles, day, dayBytes, dayFiles, isChanged: false };
}

/** Names one user, or one rate of a domain. */
export function userKey(domain: string, jid: string): string {
  return `${domain}\n${jid}`;
}

function accountKey(domain: string, jid: string, purpose: PurposeName): string {
  return `${domain}\n${jid}\n${purpose}`;
}
