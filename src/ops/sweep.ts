import type { Ledger, LedgerFile } from "../ledger/ledger.ts";
import type { Bytes } from "../slot/slot.ts";
import type { Inventory, NotRemoved } from "../store/inventory.ts";
import type { UnseenUploads } from "./unseen-uploads.ts";

export interface SweepDeps {
  readonly ledger: Pick<Ledger, "expire" | "doomed" | "forget" | "postpone">;
  /** Where the files of each served domain are; files of other domains are left alone. */
  readonly inventories: ReadonlyMap<string, Inventory>;
  /** Uploads that slotd does not see; undefined: there are none. */
  readonly unseen?: UnseenUploads;
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
  /** Removed from their store; those that are removed once more count once. */
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
 * Dooms the files whose time has come, and removes all doomed files from their stores, in batches. A file is
 * forgotten after it was removed: a sweep that breaks off, or two at once, leave nothing behind and remove nothing
 * that the ledger does not know. Where an upload may be under way that slotd does not see, it is removed once more
 * when that is over, and forgotten then.
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
    const doomed = await deps.ledger.expire(domains(), batch);
    await removeDoomed(deps, batch, domains, sums);
    if (doomed < batch || deps.signal?.aborted) return sums.swept;
  }
}

async function removeDoomed(
  deps: SweepDeps,
  batch: number,
  domains: () => readonly string[],
  sums: Sums,
): Promise<void> {
  const now = deps.monotonic ?? (() => 0);
  for (let after = ""; !deps.signal?.aborted; ) {
    const began = now();
    const files = await deps.ledger.doomed(domains(), { limit: batch, after });
    const last = files.at(-1);
    if (last === undefined) return;
    await removeBatch(deps, files, sums);
    after = last.token;
    await deps.rest?.(now() - began);
  }
}

async function removeBatch(deps: SweepDeps, files: readonly LedgerFile[], sums: Sums): Promise<void> {
  const byDomain = Map.groupBy(files, ({ domain }) => domain);
  for (const [domain, some] of byDomain) {
    const failed = await remove(deps.inventories.get(domain), some);
    const kept = new Set(failed.map(({ token }) => token));
    const removed = some.filter(({ token }) => !kept.has(token));
    await settleRemoved(deps, removed);
    const first = removed.filter((file) => !isRemovedBefore(file, deps.unseen));
    sums.add(domain, first, failed);
  }
}

/** Forgets what was removed for good, and postpones what may come again. */
async function settleRemoved({ ledger, unseen }: SweepDeps, removed: readonly LedgerFile[]): Promise<void> {
  const gone: string[] = [];
  const mayCome: Promise<void>[] = [];
  for (const file of removed) {
    const last = unseen?.last(file);
    if (unseen === undefined || last === undefined || last <= unseen.now()) gone.push(file.token);
    else mayCome.push(ledger.postpone(file.token, last));
  }
  await Promise.all(mayCome);
  await ledger.forget(gone);
}

/** Whether its second removal was postponed until its last upload, and this is the one. */
function isRemovedBefore(file: LedgerFile, unseen: UnseenUploads | undefined): boolean {
  const last = unseen?.last(file);
  return last !== undefined && file.askAt !== undefined && file.askAt >= last;
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
