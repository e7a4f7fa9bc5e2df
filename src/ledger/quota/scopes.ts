import type { Account } from "../accounts.ts";
import type { Value } from "../database/database.ts";
import type { Allowance, LedgerFile, Limits, PurposeName, Reservation } from "../ledger.ts";
import type { UnitOfWork } from "../unit-of-work.ts";

/** The limits that a file's end makes room in, from the narrowest to the widest. */
export type ScopeName = "purpose" | "user" | "domain" | "total";

/** The files that one account of a scope counts. */
export interface Pool {
  /** The number of the account. */
  readonly account: number;
  /** The number of the account of its domain and purpose. */
  readonly part: number;
  readonly purpose: PurposeName;
  readonly bytes: number;
  /** How many files are complete, and how many reserved. */
  readonly complete: number;
  readonly reserved: number;
}

/** The files of a scope that were there before this transaction, by its accounts. */
export function poolsOf(scope: Scope, work: UnitOfWork): Pool[] {
  return scope.accounts(work).flatMap(({ row, bytes, files, reservedFiles }) => {
    const { id, domain, jid, purpose } = row;
    const part = jid === "" ? id : work.account(domain, "", purpose).row.id;
    if (id === undefined || part === undefined) return [];
    return [{ account: id, part, purpose, bytes, complete: files - reservedFiles, reserved: reservedFiles }];
  });
}

/** What one such limit is about, for one reservation. */
export interface Scope {
  readonly name: ScopeName;
  readonly allowed: Allowance;
  /** Its accounts, one for each purpose; that of the reservation's own is among them. */
  accounts(work: UnitOfWork): readonly Account[];
  has(file: LedgerFile): boolean;
  /**
   * Where its files are found: by this column, in which the numbers of the accounts `a` stand that `where` is true of.
   */
  readonly column: "account" | "part";
  /** A condition on `a`, with its values from `$1` on. */
  readonly where: { readonly sql: string; readonly values: readonly Value[] };
}

/** The scopes that a reservation counts in. */
export function scopesOf(
  { domain, jid, purpose }: Pick<Reservation, "domain" | "jid" | "purpose">,
  limits: Limits,
): Scope[] {
  const isUsers = (file: LedgerFile) => file.domain === domain && file.jid === jid;
  return [
    {
      name: "purpose",
      column: "account",
      allowed: limits.purpose,
      accounts: (work) => [work.account(domain, jid, purpose)],
      has: (file) => isUsers(file) && file.purpose === purpose,
      where: { sql: "a.domain = $1 AND a.jid = $2 AND a.purpose = $3", values: [domain, jid, purpose] },
    },
    {
      name: "user",
      column: "account",
      allowed: limits.user,
      accounts: (work) => work.accounts(domain, jid, purpose),
      has: isUsers,
      where: { sql: "a.domain = $1 AND a.jid = $2", values: [domain, jid] },
    },
    {
      name: "domain",
      column: "part",
      allowed: limits.domain,
      accounts: (work) => work.accounts(domain, "", purpose),
      has: (file) => file.domain === domain,
      where: { sql: "a.domain = $1 AND a.jid = ''", values: [domain] },
    },
    {
      name: "total",
      column: "part",
      allowed: limits.total,
      accounts: (work) => work.accounts("", "", purpose),
      has: () => true,
      where: { sql: "a.jid = '' AND a.domain <> ''", values: [] },
    },
  ];
}
