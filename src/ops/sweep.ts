import type { Ledger, LedgerFile } from "../ledger/ledger.ts";
import type { Bytes } from "../slot/slot.ts";
import type { Inventory, NotRemoved } from "../store/inventory.ts";

export interface SweepDeps {
  readonly ledger: Pick<Ledger, "expire" | "pendingDeletion" | "forget" | "postpone">;
  /** Where the files of each served domain are; files of other domains are left alone. */
  readonly inventories: ReadonlyMap<string, Inventory>;
  /** When a file that was removed is to be removed again; undefined: nothing can bring it any more. */
  readonly nextRemoval: (file: LedgerFile) => Date | undefined;
  /** How many files are removed together, 1 to 1,000; 200 when absent. */
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

/**
 * Marks for deletion the files whose time has come, and removes all files pending deletion from their stores, in
 * batches. A file is forgotten after it was removed, and not before nothing can bring it any more: a sweep that breaks
 * off, two at once, and an upload under way leave nothing behind, and nothing is removed that the ledger does not know.
 *
 * A domain whose store fails is left to the next sweep.
 *
 * @throws {LedgerAwayError}; what was removed until then is removed.
 */
export async function sweep(deps: SweepDeps): Promise<Swept> {
  const { batch = 200 } = deps;
  const sums = new Sums(deps.onBatch);
  const domains = () => [...deps.inventories.keys()].filter((domain) => !sums.hasFailed(domain));
  for (;;) {
    const expired = await deps.ledger.expire(domains(), batch);
    await removePending(deps, batch, domains, sums);
    if (expired < batch || deps.signal?.aborted) return sums.swept;
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
    const files = await deps.ledger.pendingDeletion(domains(), batch);
    if (files.length === 0) return;
    await removeBatch(deps, files, sums);
    await deps.rest?.(now() - began);
  }
}

async function removeBatch(deps: SweepDeps, files: readonly LedgerFile[], sums: Sums): Promise<void> {
  const byDomain = Map.groupBy(files, ({ domain }) => domain);
  for (const [domain, some] of byDomain) {
    const failed = await remove(deps.inventories.get(domain), some);
    const kept = new Set(failed.map(({ token }) => token));
    const removed = some.filter(({ token }) => !kept.has(token));
    await forgetOrPutOff(removed, deps);
    sums.add(domain, removed.filter(isFirstRemoval), failed);
  }
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
function isFirstRemoval({ completed, askAt }: LedgerFile): boolean {
  return completed !== undefined && askAt === undefined;
}

async function remove(
  inventory: Inventory | undefined,
  files: readonly LedgerFile[],
): Promise<readonly NotRemoved[]> {
  const because = (reason: string) => files.map(({ token }) => ({ token, reason }));
  if (inventory === undefined) return because("the domain is not served here");
  try {
    return await inventory.remove(files);
  } catch (error) {
    return because(error instanceof Error ? error.message : String(error));
  }
}

class Sums {
  #files = 0;
  #bytes = 0;
  readonly #failed = new Map<string, Failure>();
  readonly #onBatch: SweepDeps["onBatch"];

  constructor(onBatch: SweepDeps["onBatch"]) {
    this.#onBatch = onBatch;
  }

  get swept(): Swept {
    return { files: this.#files, bytes: this.#bytes, failed: [...this.#failed.values()] };
  }

  hasFailed(domain: string): boolean {
    return this.#failed.has(domain);
  }

  add(domain: string, removed: readonly LedgerFile[], failed: readonly NotRemoved[]): void {
    this.#files += removed.length;
    this.#bytes += removed.reduce((sum, { size }) => sum + size, 0);
    const [first] = failed;
    if (first !== undefined) {
      const before = this.#failed.get(domain)?.files ?? 0;
      this.#failed.set(domain, { domain, files: before + failed.length, reason: first.reason });
    }
    this.#onBatch?.(this.swept);
  }
}
