import type { Books } from "./books.ts";
import type { Allowance, Holding, LedgerFile, LimitName, Limits, Reservation } from "./ledger.ts";
import { mayTakeAt } from "./rate.ts";
import { readFile, selectFiles } from "./rows.ts";
import { allowedOf, couldFit, excess, isOver, type Scope, scopesOf } from "./scopes.ts";

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
  /** Known here for a rate only. Milliseconds since 1970. */
  readonly waitUntil: number | undefined;
  /** Nothing that could ever happen makes room. */
  readonly isHopeless: boolean;
}

/** How many files are looked at together when some have to give way. */
const pageSize = 100;

/**
 * Finds room for a reservation within all its limits: what has to give way for it (nothing, mostly), or every limit
 * that it is over. Nothing is changed. Files whose time has come give way in any case, others with `delete-oldest`.
 */
export async function findRoom(
  books: Books,
  reservation: Pick<Reservation, "domain" | "jid" | "purpose" | "size">,
  limits: Limits,
  now: Date,
): Promise<{ readonly giveWay: readonly LedgerFile[] } | { readonly over: readonly Over[] }> {
  const scopes = scopesOf(reservation, limits);
  const firm = [...overDay(books, reservation, limits, now), ...overRate(books, reservation, limits, now)];
  const full = scopes.filter((scope) => isOver(excess(scope.held(books), reservation.size, scope.allowed)));
  if (firm.length === 0 && full.length === 0) return { giveWay: [] };
  const isHopeless = full.some(({ allowed }) => !couldFit(reservation.size, allowed));
  const giveWay = firm.length > 0 || isHopeless ? [] : await findWay(books, reservation, full, limits, now);
  const lacking = full.flatMap((scope) => overScope(scope, books, reservation, giveWay));
  const over = [...lacking, ...firm];
  return over.length === 0 ? { giveWay } : { over: inOrder(over) };
}

const order: readonly LimitName[] = ["purpose", "user", "userDaily", "domain", "total", "rate"];

function inOrder(over: readonly Over[]): Over[] {
  return [...over].sort((a, b) => order.indexOf(a.limit) - order.indexOf(b.limit));
}

/** Enough files for all these scopes, or all there are. */
async function findWay(
  books: Books,
  { size, purpose }: Pick<Reservation, "size" | "purpose">,
  full: readonly Scope[],
  limits: Limits,
  now: Date,
): Promise<LedgerFile[]> {
  const way = new Map<string, LedgerFile>();
  const mayDelete = [...new Set([purpose, ...limits.mayDelete])];
  for (const scope of full) {
    const isEnough = () => !isOver(excess(without(scope, books, way.values()), size, scope.allowed));
    if (isEnough()) continue;
    await collect(expiredIn(books, scope, now), way, isEnough);
    if (limits.whenFull === "delete-oldest") await collect(oldestIn(books, scope, mayDelete), way, isEnough);
  }
  return [...way.values()];
}

async function collect(
  files: AsyncIterable<LedgerFile>,
  way: Map<string, LedgerFile>,
  isEnough: () => boolean,
): Promise<void> {
  if (isEnough()) return;
  for await (const file of files) {
    way.set(file.token, file);
    if (isEnough()) return;
  }
}

function without(scope: Scope, books: Books, way: Iterable<LedgerFile>): Holding {
  let { bytes, files } = scope.held(books);
  for (const file of way) {
    if (!scope.has(file)) continue;
    bytes -= file.size;
    files -= 1;
  }
  return { bytes, files };
}

/** The complete files of a scope whose time has come. */
async function* expiredIn(books: Books, { where }: Scope, now: Date): AsyncGenerator<LedgerFile> {
  const time = `$${where.values.length + 1}`;
  const found = await books.session.query(
    `${selectFiles.filesFirst} ${where.sql} AND f.state = 1 AND f.expires_at <= ${time} ORDER BY f.expires_at, f.id LIMIT 1000`,
    [...where.values, now.getTime()],
  );
  for (const file of await books.enter(found.map(readFile))) if (file.state === "complete") yield file;
}

/** The complete files of a scope and of these purposes, the oldest first. */
async function* oldestIn(
  books: Books,
  { where, by }: Scope,
  purposes: readonly string[],
): AsyncGenerator<LedgerFile> {
  const first = where.values.length + 1;
  const marks = purposes.map((_, i) => `$${first + 1 + i}`).join(", ");
  for (let after = 0; ; ) {
    const rows = await books.session.query(
      `${selectFiles[by]} ${where.sql} AND f.state = 1 AND f.id > $${first} AND a.purpose IN (${marks})
        ORDER BY f.id LIMIT ${pageSize}`,
      [...where.values, after, ...purposes],
    );
    const found = rows.map(readFile);
    for (const file of await books.enter(found)) if (file.state === "complete") yield file;
    const last = found.at(-1);
    if (last === undefined || found.length < pageSize) return;
    after = last.id;
  }
}

function overScope(
  scope: Scope,
  books: Books,
  { size }: Pick<Reservation, "size">,
  way: readonly LedgerFile[],
): Over[] {
  const held = scope.held(books);
  const lacking = excess(without(scope, books, way), size, scope.allowed);
  return overOf(
    scope.name,
    scope,
    held,
    size,
    scope.allowed,
    isOver(lacking) ? excess(held, size, scope.allowed) : lacking,
  );
}

function overDay(
  books: Books,
  { domain, jid, size }: Pick<Reservation, "domain" | "jid" | "size">,
  { userDaily }: Limits,
  now: Date,
): Over[] {
  const used = books.today(domain, jid, now);
  return overOf("userDaily", undefined, used, size, userDaily, excess(used, size, userDaily));
}

function overOf(
  limit: LimitName,
  scope: Scope | undefined,
  used: Holding,
  size: number,
  allowance: Allowance,
  over: Holding,
): Over[] {
  if (!isOver(over)) return [];
  const allowed = allowedOf(allowance);
  const unit = over.bytes > 0 ? "bytes" : "files";
  return [
    {
      limit,
      scope,
      unit,
      used: used[unit],
      allowed: allowed[unit],
      asked: unit === "bytes" ? size : 1,
      excess: over,
      waitUntil: undefined,
      isHopeless: !couldFit(size, allowance),
    },
  ];
}

function overRate(
  books: Books,
  { domain }: Pick<Reservation, "domain">,
  { rates }: Limits,
  now: Date,
): Over[] {
  return rates.flatMap(({ name, rate }) => {
    const waitUntil = mayTakeAt(books.rateFullAt(domain, name), rate);
    if (waitUntil <= now.getTime()) return [];
    const counts = { used: 0, allowed: rate.burst, asked: 1, excess: { bytes: 0, files: 0 } };
    return [
      { limit: "rate", scope: undefined, unit: "slots", ...counts, waitUntil, isHopeless: false } as const,
    ];
  });
}
