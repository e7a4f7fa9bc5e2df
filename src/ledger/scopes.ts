import type { Books } from "./books.ts";
import type { Value } from "./database.ts";
import type { Allowance, Holding, LedgerFile, Limits, Reservation } from "./ledger.ts";

/** The limits that a file's end makes room in, from the narrowest to the widest. */
export type ScopeName = "purpose" | "user" | "domain" | "total";

/** What one such limit is about, for one reservation. */
export interface Scope {
  readonly name: ScopeName;
  readonly allowed: Allowance;
  /** What is held in it. */
  held(books: Books): Holding;
  has(file: LedgerFile): boolean;
  /** What is best walked to find its files. */
  readonly by: "accountsFirst" | "filesFirst";
  /** The condition on `a` that `has` is, with its values from `$1` on. */
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
      by: "accountsFirst",
      allowed: limits.purpose,
      held: (books) => books.ofPurpose({ domain, jid, purpose }),
      has: (file) => isUsers(file) && file.purpose === purpose,
      where: { sql: "a.domain = $1 AND a.jid = $2 AND a.purpose = $3", values: [domain, jid, purpose] },
    },
    {
      name: "user",
      by: "accountsFirst",
      allowed: limits.user,
      held: (books) => books.ofUser(domain, jid),
      has: isUsers,
      where: { sql: "a.domain = $1 AND a.jid = $2", values: [domain, jid] },
    },
    {
      name: "domain",
      by: "filesFirst",
      allowed: limits.domain,
      held: (books) => books.ofDomain(domain),
      has: (file) => file.domain === domain,
      where: { sql: "a.domain = $1", values: [domain] },
    },
    {
      name: "total",
      by: "filesFirst",
      allowed: limits.total,
      held: (books) => books.total(),
      has: () => true,
      where: { sql: "a.id IS NOT NULL", values: [] },
    },
  ];
}

/** More than this is not counted exactly, so no sum goes past it. */
const mostBytes = Number.MAX_SAFE_INTEGER;

/** What an allowance comes to. */
export function allowedOf({ bytes = mostBytes, files = mostBytes }: Allowance): Holding {
  return { bytes: Math.min(bytes, mostBytes), files: Math.min(files, mostBytes) };
}

/** By how much one more file of this size would be over what is allowed; 0 and 0 when it fits. */
export function excess(held: Holding, size: number, allowance: Allowance): Holding {
  const allowed = allowedOf(allowance);
  return {
    bytes: Math.max(0, held.bytes + size - allowed.bytes),
    files: Math.max(0, held.files + 1 - allowed.files),
  };
}

/** Whether there is any excess. */
export function isOver({ bytes, files }: Holding): boolean {
  return bytes > 0 || files > 0;
}

/** Whether a file of this size could be held if nothing else were. */
export function couldFit(size: number, allowance: Allowance): boolean {
  return !isOver(excess({ bytes: 0, files: 0 }, size, allowance));
}
