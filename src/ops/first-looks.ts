import type { Ledger, LedgerFile } from "../ledger/ledger.ts";
import type { Bytes } from "../slot/slot.ts";
import type { Inventory, ObjectName } from "../store/inventory.ts";
import { inParallel } from "./in-parallel.ts";

export interface FirstLookDeps {
  readonly ledger: Pick<Ledger, "markForDeletion">;
  /** Where the files of each served domain are now. */
  readonly inventories: () => ReadonlyMap<string, Inventory>;
  /** Is told of a file that is larger than its slot, and marked for deletion. */
  readonly onOversized: (file: LedgerFile, size: Bytes) => void;
  readonly now: () => Date;
}

/** A slot that was given just now. */
export interface GivenSlot extends ObjectName {
  readonly domain: string;
  readonly size: Bytes;
}

/** How long after a slot was given its store is looked at; milliseconds. */
export const firstLookAfter = 10_000;

/** Slots that wait for it: some megabytes of memory, whatever is asked for. Others wait until their URL has expired. */
const mostWaiting = 5_000;

/** Requests to stores in one round; the rounds are a second apart or more. */
const mostInRound = 100;
const concurrency = 8;

/**
 * Looks soon at what became of slots whose PUT URL is the store's own: until that expires, nobody else tells that a
 * file is larger than its slot. It is removed then. One request to the store for a slot, at most 100 a second in all;
 * what it does not get to, and what is there later, is found when the PUT URL has expired.
 */
export class FirstLooks {
  readonly #deps: FirstLookDeps;
  #waiting: { readonly slot: GivenSlot; readonly due: number }[] = [];

  constructor(deps: FirstLookDeps) {
    this.#deps = deps;
  }

  /** How many slots wait for their look. */
  get waiting(): number {
    return this.#waiting.length;
  }

  add(slot: GivenSlot): void {
    if (this.#waiting.length >= mostWaiting) return;
    this.#waiting.push({ slot, due: this.#deps.now().getTime() + firstLookAfter });
  }

  /**
   * Looks at those whose time has come, up to the bound of a round.
   *
   * @throws {LedgerAwayError}; the files concerned are asked about when their PUT URLs have expired.
   */
  async look(signal: AbortSignal): Promise<void> {
    const now = this.#deps.now().getTime();
    const notDue = this.#waiting.findIndex(({ due }) => due > now);
    const due = Math.min(notDue < 0 ? this.#waiting.length : notDue, mostInRound);
    const round = this.#waiting.splice(0, due);
    await inParallel(round, concurrency, async ({ slot }) => {
      if (!signal.aborted) await this.#lookAt(slot);
    });
  }

  async #lookAt(slot: GivenSlot): Promise<void> {
    const inventory = this.#deps.inventories().get(slot.domain);
    // A store that does not answer now is asked again.
    const size = await inventory?.sizeOf(slot).catch(() => undefined);
    if (size === undefined || size <= slot.size) return;
    const [file] = await this.#deps.ledger.markForDeletion([slot.token]);
    if (file === undefined) return;
    this.#deps.onOversized(file, size);
    // Its PUT URL may still be used: the sweep removes it once more when that is over, or if it stays now.
    await inventory?.remove([slot]).catch(() => undefined);
  }
}
