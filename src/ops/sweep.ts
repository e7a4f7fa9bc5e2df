import type { Ledger, LedgerFile } from "../ledger/ledger.ts";
import { afterAttempts, attemptsOf, wasRemoved } from "../ledger/removal-attempts.ts";
import type { Bytes } from "../slot/slot.ts";
import type { Inventory, NotRemoved } from "../store/inventory.ts";

export interface SweepDeps {
  readonly ledger: Pick<Ledger, "expire" | "pendingDeletion" | "forget" | "postpone">;
  /** Where the files of each served domain are; files of other domains are left alone. */
  readonly inventories: ReadonlyMap<string, Inventory>;
  /** When a file that was removed is to be removed again; undefined: nothing can bring it any more. */
  readonly nextRemoval: (file: LedgerFile) => Date | undefined;
  /** How many files are removed together, 1 to 1,000; 50 when absent: they share a transaction on the event loop. */
  readonly batch?: number;
  /** Is waited for between batches, and told how long the last one took, in milliseconds. */
  readonly rest?: (took: number) => Promise<void>;
  /** Milliseconds of a clock that never goes back; needed for `rest`. */
  readonly monotonic?: () => number;
  /** Ends the sweep after the batch that is under way. */
  readonly signal?: AbortSignal;
  /** Is told the sums so far after each batch. */
  readonly onBatch?: (swept: Swept) => void;
}

/** What a sweep has done. */
export interface Swept {
  /** Removed from their store, each counted the first time. */
  readonly files: number;
  readonly bytes: Bytes;
  /** Still there; the next sweep tries again. */
  readonly failed: readonly Failure[];
}

/** Why files of one domain could not be removed. */
export interface Failure {
  readonly domain: string;
  readonly files: number;
  /** In a few words, without a name or URL. */
  readonly reason: string;
}

/** A domain is left to the next sweep when so many of its files could not be removed. */
const mostFailures = 1_000;

/**
 * Marks for deletion the files whose time has come, and removes all files pending deletion from their stores, in
 * batches. A file is forgotten after it was removed, and not before nothing can bring it any more: a sweep that breaks
 * off, two at once, and an upload under way leave nothing behind, and nothing is removed that the ledger does not know.
 *
 * A file that cannot be removed is tried once in a sweep, and in the next sweep after those that failed less often, so
 * it keeps no other file. A domain whose store fails as a whole, or for 1,000 files, is left to the next sweep.
 *
 * @throws {LedgerAwayError}; what was removed until then is removed.
 */
export async function sweep(deps: SweepDeps): Promise<Swept> {
  const { batch = 50 } = deps;
  const sums = new Sums(deps.onBatch);
  const domains = () => [...deps.inventories.keys()].filter((domain) => !sums.isLeft(domain));
  await expireAll(deps, batch, domains());
  await removePending(deps, batch, domains, sums);
  return sums.swept;
}

/** All are marked before one is removed: those that cannot be removed may be many, and keep no other file. */
async function expireAll(deps: SweepDeps, batch: number, domains: readonly string[]): Promise<void> {
  const now = deps.monotonic ?? (() => 0);
  while (!deps.signal?.aborted) {
    const began = now();
    if ((await deps.ledger.expire(domains, batch)) < batch) return;
    await deps.rest?.(now() - began);
  }
}

async function removePending(
  deps: SweepDeps,
  batch: number,
  domains: () => readonly string[],
  sums: Sums,
): Promise<void> {
  const now = deps.monotonic ?? (() => 0);
  while (!deps.signal?.aborted) {
    const began = now();
    // Those that could not be removed are still due, and they may come first.
    const due = await deps.ledger.pendingDeletion(domains(), batch + sums.tried.size);
    const files = due.filter(({ token }) => !sums.tried.has(token)).slice(0, batch);
    if (files.length === 0) return;
    await removeBatch(deps, files, sums);
    await deps.rest?.(now() - began);
  }
}

async function removeBatch(deps: SweepDeps, files: readonly LedgerFile[], sums: Sums): Promise<void> {
  const byDomain = Map.groupBy(files, ({ domain }) => domain);
  for (const [domain, some] of byDomain) {
    const { notRemoved, isWhole } = await remove(deps.inventories.get(domain), some);
    const kept = new Set(notRemoved.map(({ token }) => token));
    const removed = some.filter(({ token }) => !kept.has(token));
    await forgetOrPutOff(removed, deps);
    if (!isWhole) await putBehind(some, kept, deps);
    sums.add(domain, removed.filter(isFirstRemoval), notRemoved, isWhole);
  }
}

/**
 * Has the files that were kept come after those that were tried less often. A file that was removed before waits as if
 * it had been removed again.
 */
async function putBehind(
  files: readonly LedgerFile[],
  kept: ReadonlySet<string>,
  { ledger, nextRemoval }: Pick<SweepDeps, "ledger" | "nextRemoval">,
): Promise<void> {
  const failed = files.filter(({ token }) => kept.has(token));
  await Promise.all(
    failed.map((file) => {
      const at = wasRemoved(file) ? nextRemoval(file) : afterAttempts(attemptsOf(file) + 1);
      return at === undefined ? undefined : ledger.postpone(file.token, at);
    }),
  );
}

/** What was removed is forgotten, or stays to be removed again while something may bring it. */
async function forgetOrPutOff(
  files: readonly LedgerFile[],
  { ledger, nextRemoval }: Pick<SweepDeps, "ledger" | "nextRemoval">,
): Promise<void> {
  const next = files.map((file) => [file.token, nextRemoval(file)] as const);
  await ledger.forget(next.flatMap(([token, at]) => (at === undefined ? [token] : [])));
  await Promise.all(next.map(([token, at]) => (at === undefined ? undefined : ledger.postpone(token, at))));
}

/** A file counts once, however often it is removed; a slot that was deleted unused is none. */
function isFirstRemoval(file: LedgerFile): boolean {
  return file.completed !== undefined && !wasRemoved(file);
}

interface Removal {
  readonly notRemoved: readonly NotRemoved[];
  /** Whether it is the store that failed, and not some of the files. */
  readonly isWhole: boolean;
}

async function remove(inventory: Inventory | undefined, files: readonly LedgerFile[]): Promise<Removal> {
  const because = (reason: string): Removal => ({
    notRemoved: files.map(({ token }) => ({ token, reason })),
    isWhole: true,
  });
  if (inventory === undefined) return because("the domain is not served here");
  try {
    return { notRemoved: await inventory.remove(files), isWhole: false };
  } catch (error) {
    return because(error instanceof Error ? error.message : String(error));
  }
}

class Sums {
  #files = 0;
  #bytes = 0;
  readonly #failed = new Map<string, Failure>();
  readonly #left = new Set<string>();
  /** The tokens of files that could not be removed: at most 1,000 of a domain, and those of one batch. */
  readonly tried = new Set<string>();
  readonly #onBatch: SweepDeps["onBatch"];

  constructor(onBatch: SweepDeps["onBatch"]) {
    this.#onBatch = onBatch;
  }

  get swept(): Swept {
    return { files: this.#files, bytes: this.#bytes, failed: [...this.#failed.values()] };
  }

  /** Whether a domain is left to the next sweep. */
  isLeft(domain: string): boolean {
    return this.#left.has(domain);
  }

  add(domain: string, removed: readonly LedgerFile[], failed: readonly NotRemoved[], isWhole: boolean): void {
    this.#files += removed.length;
    this.#bytes += removed.reduce((sum, { size }) => sum + size, 0);
    const [first] = failed;
    if (first !== undefined) {
      const files = (this.#failed.get(domain)?.files ?? 0) + failed.length;
      this.#failed.set(domain, { domain, files, reason: first.reason });
      for (const { token } of failed) this.tried.add(token);
      if (isWhole || files >= mostFailures) this.#left.add(domain);
    }
    this.#onBatch?.(this.swept);
  }
}
