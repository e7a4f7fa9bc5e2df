import { dayLength, dayOf } from "../accounts.ts";
import type { Allowance, Holding, LedgerFile, LimitName, Limits, Reservation } from "../ledger.ts";
import { dueFiles } from "../parts.ts";
import { type FileRow, readFile, selectFiles } from "../rows.ts";
import type { UnitOfWork } from "../unit-of-work.ts";
import { couldFit, excess, isOver, type Standing, standingBefore, standingOf } from "./allowance.ts";
import { oldestAndExpired } from "./ends.ts";
import { type FullScope, type FullScopes, fullScope } from "./full-scopes.ts";
import { mayTakeAt } from "./rate.ts";
import { poolsOf, type Scope, scopesOf } from "./scopes.ts";

/** One limit that a reservation is over. */
export interface Over {
  readonly limit: LimitName;
  /** Where it is a limit that the end of files makes room in. */
  readonly full: FullScope | undefined;
  readonly unit: "bytes" | "files" | "slots";
  readonly used: number;
  readonly allowed: number;
  readonly asked: number;
  /** By how much. */
  readonly excess: Holding;
  /** Known here for a rate only. Milliseconds since 1970. */
  readonly waitUntil: number | undefined;
  /** Nothing that could ever happen makes room. */
  readonly isHopeless: boolean;
}

/** What a reservation needs room for. */
export type Wanted = Pick<Reservation, "domain" | "jid" | "purpose" | "size">;

/** What finding room needs besides the unit of work. */
export interface RoomDeps {
  readonly now: Date;
  /** Is handed each file that is evicted. */
  readonly evicted: (file: LedgerFile) => void;
  readonly fullScopes: FullScopes;
  /** Whether expired files are looked for, where none are remembered not to be there. */
  readonly looksForExpired: boolean;
}

/** How many expired files are evicted for one reservation at most. More are left to the sweep. */
const mostExpired = 100;

/**
 * Finds room for a reservation within all its limits: undefined where there is, else every limit that it is over.
 * Files whose time has come are evicted where they are in the way; nothing else is changed.
 *
 * @param deps.evicted is handed those that were evicted.
 */
export async function findRoom(
  work: UnitOfWork,
  wanted: Wanted,
  limits: Limits,
  deps: RoomDeps,
): Promise<readonly Over[] | undefined> {
  const { now } = deps;
  const firm = [...overDay(work, wanted, limits, now), ...overRate(work, wanted, limits, now)];
  const full = scopesOf(wanted, limits).filter((scope) => isOver(lackIn(scope, work, wanted, limits)));
  if (firm.length === 0 && full.length === 0) return undefined;
  if (
    deps.looksForExpired &&
    firm.length === 0 &&
    full.every(({ allowed }) => couldFit(wanted.size, allowed))
  ) {
    for (const scope of full) await clear(scope, work, wanted, limits, deps);
  }
  const over = [...full.flatMap((scope) => overScope(scope, work, wanted, limits)), ...firm];
  return over.length === 0 ? undefined : inOrder(over);
}

const order: readonly LimitName[] = ["purpose", "user", "userDaily", "domain", "total", "rate"];

function inOrder(over: readonly Over[]): Over[] {
  return [...over].sort((a, b) => order.indexOf(a.limit) - order.indexOf(b.limit));
}

function standing(scope: Scope, work: UnitOfWork, wanted: Wanted, limits: Limits): Standing {
  return standingBefore(wanted, scope.accounts(work), scope.allowed, limits);
}

function lackIn(scope: Scope, work: UnitOfWork, wanted: Wanted, limits: Limits): Holding {
  return excess(standing(scope, work, wanted, limits), wanted.size);
}

/** Evicts expired files of a full scope, no more than are needed. */
async function clear(
  scope: Scope,
  work: UnitOfWork,
  wanted: Wanted,
  limits: Limits,
  { now, evicted, fullScopes }: RoomDeps,
): Promise<void> {
  const isFull = () => isOver(lackIn(scope, work, wanted, limits));
  const full = fullScopeIn(scope, work, limits);
  if (!isFull() || fullScopes.hasExpired(full, now) === false) return;
  for (const file of await expiredIn(work, full, now)) {
    evicted(work.change(file, { state: "pending-deletion" }));
    if (!isFull()) return;
  }
}

function fullScopeIn(scope: Scope, work: UnitOfWork, { whenFull, mayDelete }: Limits): FullScope {
  const evictable = whenFull === "delete-oldest" ? mayDelete : [];
  return fullScope({ scope, pools: poolsOf(scope, work), evictable, day: undefined });
}

/** Complete files of a scope whose time has come, as many as are looked at in one transaction. */
async function expiredIn(
  work: UnitOfWork,
  { scope, pools }: FullScope,
  now: Date,
): Promise<readonly LedgerFile[]> {
  const found: FileRow[] = [];
  if (scope.name === "total") {
    found.push(...(await dueFiles(work.session, scope.where, "complete", now, mostExpired)));
  } else {
    for (const { account, part, complete } of pools) {
      if (complete === 0) continue;
      const { column } = scope;
      const values = column === "part" ? [part, now.getTime()] : [account, part, now.getTime()];
      const rows = await work.session.query(`${selectFiles.filesFirst} ${expired[column]}`, values);
      found.push(...rows.map(readFile));
    }
  }
  return (await work.enter(found)).filter(({ state }) => state === "complete");
}

/** Of one part; and of one account, in the order of their slots. */
const expired = {
  part: `f.part = $1 AND f.state = 1 AND f.due_at <= $2 ORDER BY f.due_at LIMIT ${mostExpired}`,
  account: `${oldestAndExpired(mostExpired)} AND f.due_at <= $3 ORDER BY f.id LIMIT ${mostExpired}`,
};

function overScope(scope: Scope, work: UnitOfWork, wanted: Wanted, limits: Limits): Over[] {
  const stands = standing(scope, work, wanted, limits);
  const full = fullScopeIn(scope, work, limits);
  return overOf(scope.name, stands, wanted, scope.allowed, full);
}

function overDay(work: UnitOfWork, wanted: Wanted, limits: Limits, now: Date): Over[] {
  const { userDaily } = limits;
  const stands = standingOf(work.today(wanted.domain, wanted.jid, now), userDaily);
  const user = scopesOf(wanted, limits).find(({ name }) => name === "user");
  const today = dayOf(now) * dayLength;
  const full = user && fullScope({ scope: user, pools: poolsOf(user, work), evictable: [], day: today });
  return overOf("userDaily", stands, wanted, userDaily, full);
}

function overOf(
  limit: LimitName,
  stands: Standing,
  { size }: Wanted,
  allowance: Allowance,
  full: FullScope | undefined,
): Over[] {
  const over = excess(stands, size);
  if (!isOver(over)) return [];
  const unit = over.bytes > 0 ? "bytes" : "files";
  return [
    {
      ...{ limit, unit, full },
      used: stands.used[unit],
      allowed: stands.allowed[unit],
      asked: unit === "bytes" ? size : 1,
      excess: over,
      waitUntil: undefined,
      isHopeless: !couldFit(size, allowance),
    },
  ];
}

function overRate(work: UnitOfWork, { domain }: Wanted, { rates }: Limits, now: Date): Over[] {
  return rates.flatMap(({ name, rate }) => {
    const waitUntil = mayTakeAt(work.rateFullAt(domain, name), rate);
    if (waitUntil <= now.getTime()) return [];
    const counts = { used: 0, allowed: rate.burst, asked: 1, excess: { bytes: 0, files: 0 } };
    return [
      { limit: "rate", unit: "slots", full: undefined, ...counts, waitUntil, isHopeless: false } as const,
    ];
  });
}
