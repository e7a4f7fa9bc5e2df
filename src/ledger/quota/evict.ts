import type { Allowance, Holding, LedgerFile, Limits } from "../ledger.ts";
import type { UnitOfWork } from "../unit-of-work.ts";
import { committedBy, completeOf, isOver } from "./allowance.ts";
import { oldestOf, type Pools } from "./oldest.ts";
import { type Scope, scopesOf } from "./scopes.ts";

/** What evicting came to: "more" when this transaction has evicted enough, and another one is to go on. */
export type Evicted = "enough" | "more";

/**
 * With `delete-oldest`, evicts the oldest complete files until this one, when it is complete too, is within all its
 * limits: files of a purpose in `mayDelete` or of its own, and of its own first where the reservations of others count
 * on the rest. Where too little can be evicted, since limits were lowered, the file is over them, as others are.
 *
 * @param file not complete yet, with the size that it will have.
 * @param evicted is handed each file that was evicted.
 */
export async function evictFor(
  work: UnitOfWork,
  file: LedgerFile,
  limits: Limits,
  evicted: (file: LedgerFile) => void,
): Promise<Evicted> {
  if (limits.whenFull === "refuse") return "enough";
  const purposes = [...new Set([file.purpose, ...limits.mayDelete])];
  const hasOwn = !limits.mayDelete.includes(file.purpose);
  for (const scope of scopesOf(file, limits)) {
    const tooMuch = () => isOver(beyond(completeAfter(scope, work, file), scope.allowed));
    const tooMuchOfOwn = () =>
      isOver(beyond(committedAfter(scope, work, file, limits.mayDelete), scope.allowed));
    const steps = [...(hasOwn ? [{ of: [file.purpose], isDue: tooMuchOfOwn }] : [])];
    for (const { of, isDue } of [...steps, { of: purposes, isDue: tooMuch }]) {
      const outcome = await evictWhile(isDue, work, () => oldestIn(scope, work, of), evicted);
      if (outcome === "more") return "more";
    }
  }
  return "enough";
}

async function evictWhile(
  isDue: () => boolean,
  work: UnitOfWork,
  oldest: () => AsyncGenerator<LedgerFile>,
  evicted: (file: LedgerFile) => void,
): Promise<Evicted> {
  if (!isDue()) return "enough";
  if (!work.mayEvict) return "more";
  for await (const file of oldest()) {
    work.evictions += 1;
    evicted(work.change(file, { state: "pending-deletion" }));
    if (!isDue()) return "enough";
    if (!work.mayEvict) return "more";
  }
  return "enough";
}

async function* oldestIn(
  scope: Scope,
  work: UnitOfWork,
  purposes: readonly string[],
): AsyncGenerator<LedgerFile> {
  yield* oldestOf(work, evictablePools(scope, purposes));
  for (const other of work.completedHere()) {
    if (scope.has(other) && purposes.includes(other.purpose)) yield other;
  }
}

/** What is complete in a scope when this file is. */
function completeAfter(scope: Scope, work: UnitOfWork, { size }: LedgerFile): Holding {
  const { bytes, files } = completeOf(scope.accounts(work));
  return { bytes: bytes + size, files: files + 1 };
}

/** What the files of a scope come to at least, with its reservations, when this file is complete. */
function committedAfter(
  scope: Scope,
  work: UnitOfWork,
  { token, purpose, size }: LedgerFile,
  mayDelete: Limits["mayDelete"],
): Holding {
  const before = work.file(token);
  const reserved = before?.state === "reserved" ? { bytes: before.size, files: 1 } : { bytes: 0, files: 0 };
  const accounts = scope.accounts(work).map((account) =>
    account.row.purpose === purpose
      ? {
          ...account,
          bytes: account.bytes - reserved.bytes + size,
          files: account.files - reserved.files + 1,
          reservedBytes: account.reservedBytes - reserved.bytes,
          reservedFiles: account.reservedFiles - reserved.files,
        }
      : account,
  );
  return committedBy(accounts, mayDelete, undefined);
}

function beyond(held: Holding, { bytes, files }: Allowance): Holding {
  return {
    bytes: bytes === undefined ? 0 : Math.max(0, held.bytes - bytes),
    files: files === undefined ? 0 : Math.max(0, held.files - files),
  };
}

/** Where the files of a scope and of these purposes are found, the oldest first. */
function evictablePools({ column, where }: Scope, purposes: readonly string[]): Pools {
  const marks = purposes.map((_, i) => `$${where.values.length + 1 + i}`).join(", ");
  return {
    column,
    where: `${where.sql} AND a.purpose IN (${marks})`,
    values: [...where.values, ...purposes],
  };
}
