import type { Session } from "../database/database.ts";
import type { Allowance, Holding, LedgerFile, LimitName, Limits, Reservation } from "../ledger.ts";
import { dueFiles } from "../parts.ts";
import { type FileRow, readFile, selectFiles } from "../rows.ts";
import type { Books } from "../unit-of-work.ts";
import { couldFit, excess, isOver, type Standing, standingBefore, standingOf } from "./allowance.ts";
import { mayTakeAt } from "./rate.ts";
import { type Scope, scopesOf } from "./scopes.ts";

/** One limit that a reservation is over. */
export interface Over {
  readonly limit: LimitName;
  /** The scope, where it is a limit that the end of files makes room in. */
  readonly scope: Scope | undefined;
  readonly unit: "bytes" | "files" | "slots";
  readonly used: number;
  readonly allowed: number;
  readonly asked: number;
  /** By how much. */
  readonly excess: Holding;
  /** Complete files of these purposes are not in the way, and so their end makes no room. */
  readonly evictable: readonly string[];
  /** Known here for a rate only. Milliseconds since 1970. */
  readonly waitUntil: number | undefined;
  /** Nothing that could ever happen makes room. */
  readonly isHopeless: boolean;
}

/** What a reservation needs room for. */
export type Wanted = Pick<Reservation, "domain" | "jid" | "purpose" | "size">;

/** How many expired files give way to one reservation at most. More are left to the sweep. */
const mostExpired = 100;

/** The numbers of the oldest complete files of an account; where files expire in their order, those that have expired. */
const oldestIds = `SELECT o.id FROM slotd_files o WHERE o.account = $1 AND o.state = 1 ORDER BY o.id LIMIT ${mostExpired}`;

/**
 * Finds room for a reservation within all its limits: undefined where there is, else every limit that it is over.
 * Files whose time has come give way where they are in the way; nothing else is changed.
 *
 * @param expired is handed those that gave way.
 */
export async function findRoom(
  books: Books,
  wanted: Wanted,
  limits: Limits,
  now: Date,
  expired: (file: LedgerFile) => void,
): Promise<readonly Over[] | undefined> {
  const firm = [...overDay(books, wanted, limits, now), ...overRate(books, wanted, limits, now)];
  const full = scopesOf(wanted, limits).filter((scope) => isOver(lackIn(scope, books, wanted, limits)));
  if (firm.length === 0 && full.length === 0) return undefined;
  if (firm.length === 0 && full.every(({ allowed }) => couldFit(wanted.size, allowed))) {
    for (const scope of full) await clear(scope, books, wanted, limits, now, expired);
  }
  const over = [...full.flatMap((scope) => overScope(scope, books, wanted, limits)), ...firm];
  return over.length === 0 ? undefined : inOrder(over);
}

const order: readonly LimitName[] = ["purpose", "user", "userDaily", "domain", "total", "rate"];

function inOrder(over: readonly Over[]): Over[] {
  return [...over].sort((a, b) => order.indexOf(a.limit) - order.indexOf(b.limit));
}

function standing(scope: Scope, books: Books, wanted: Wanted, limits: Limits): Standing {
  return standingBefore(wanted, scope.accounts(books), scope.allowed, limits);
}

function lackIn(scope: Scope, books: Books, wanted: Wanted, limits: Limits): Holding {
  return excess(standing(scope, books, wanted, limits), wanted.size);
}

/** Lets expired files of a full scope give way, no more than are needed. */
async function clear(
  scope: Scope,
  books: Books,
  wanted: Wanted,
  limits: Limits,
  now: Date,
  expired: (file: LedgerFile) => void,
): Promise<void> {
  const isFull = () => isOver(lackIn(scope, books, wanted, limits));
  if (!isFull()) return;
  for (const file of await expiredIn(books, scope, now)) {
    expired(books.change(file, { state: "doomed" }));
    if (!isFull()) return;
  }
}

/** Complete files of a scope whose time has come, as many as are looked at in one transaction. */
async function expiredIn(books: Books, scope: Scope, now: Date): Promise<readonly LedgerFile[]> {
  const found =
    scope.column === "part"
      ? await dueFiles(books.session, scope.where, "complete", now, mostExpired)
      : await expiredOfAccounts(books.session, scope, now);
  return (await books.enter(found)).filter(({ state }) => state === "complete");
}

/** Those among each account's oldest files. */
async function expiredOfAccounts(session: Session, { where }: Scope, now: Date): Promise<FileRow[]> {
  const found: FileRow[] = [];
  for (const { id } of await session.query(
    `SELECT a.id FROM slotd_accounts a WHERE ${where.sql}`,
    where.values,
  )) {
    const rows = await session.query(
      `${selectFiles.filesFirst} f.id IN (${oldestIds}) AND f.expires_at <= $2 ORDER BY f.id`,
      [Number(id), now.getTime()],
    );
    found.push(...rows.map(readFile));
  }
  return found;
}

function overScope(scope: Scope, books: Books, wanted: Wanted, limits: Limits): Over[] {
  const evictable = limits.whenFull === "delete-oldest" ? limits.mayDelete : [];
  const stands = standing(scope, books, wanted, limits);
  return overOf(scope.name, scope, stands, wanted, scope.allowed, evictable);
}

function overDay(books: Books, wanted: Wanted, { userDaily }: Limits, now: Date): Over[] {
  const stands = standingOf(books.today(wanted.domain, wanted.jid, now), userDaily);
  return overOf("userDaily", undefined, stands, wanted, userDaily, []);
}

function overOf(
  limit: LimitName,
  scope: Scope | undefined,
  stands: Standing,
  { size }: Wanted,
  allowance: Allowance,
  evictable: readonly string[],
): Over[] {
  const over = excess(stands, size);
  if (!isOver(over)) return [];
  const unit = over.bytes > 0 ? "bytes" : "files";
  return [
    {
      ...{ limit, scope, unit, evictable },
      used: stands.used[unit],
      allowed: stands.allowed[unit],
      asked: unit === "bytes" ? size : 1,
      excess: over,
      waitUntil: undefined,
      isHopeless: !couldFit(size, allowance),
    },
  ];
}

function overRate(books: Books, { domain }: Wanted, { rates }: Limits, now: Date): Over[] {
  return rates.flatMap(({ name, rate }) => {
    const waitUntil = mayTakeAt(books.rateFullAt(domain, name), rate);
    if (waitUntil <= now.getTime()) return [];
    const counts = { used: 0, allowed: rate.burst, asked: 1, excess: { bytes: 0, files: 0 }, evictable: [] };
    return [
      { limit: "rate", scope: undefined, unit: "slots", ...counts, waitUntil, isHopeless: false } as const,
    ];
  });
}
