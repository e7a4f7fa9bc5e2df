import type { Inventory } from "../store/inventory.ts";
import type { FoundIdentity } from "../store/store-identity.ts";
import { domainsIn, matchStore, type StoreMatch, type StoreToMatch } from "./store-match.ts";

export interface GuardOptions {
  /** Whether an identity is written where there is none; asked at each look. */
  readonly mayWrite: () => boolean;
  readonly newId: () => string;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
}

/**
 * The store is not the one in which the ledger's files are: what is not in it may be elsewhere. Nothing was forgotten.
 */
export class OtherStoreError extends Error {
  readonly code = "other-store";
  constructor(message: string) {
    super(message);
    this.name = "OtherStoreError";
  }
}

/**
 * A store without an identity is looked at again after so long, when something is found to be missing; milliseconds.
 */
const lookCounts = 1_000;

/**
 * Sees to it that a store which is not the one that the ledger knows (a volume that is not mounted, another bucket)
 * is not taken for an empty one: what is missing there counts for nothing.
 */
export class StoreGuard {
  readonly #store: StoreToMatch;
  readonly #options: GuardOptions;
  #match: StoreMatch | undefined;
  /** The domains whose store it is, by that match. */
  #right: ReadonlySet<string> = new Set();
  /** What was found where the ledger could not be asked yet. */
  #found: FoundIdentity | undefined;
  /** The identity that store and ledger agreed on last. */
  #id: string | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;
  #nextLook: Promise<void> | undefined;

  constructor(store: StoreToMatch, options: GuardOptions) {
    this.#store = store;
    this.#options = options;
  }

  get domains(): readonly string[] {
    return this.#store.domains;
  }

  /** The inventory without the guard, for who was told that what is missing is gone. */
  get unguarded(): Inventory {
    return this.#store.inventory;
  }

  /** What the last whole comparison came to; undefined before the first. */
  get match(): StoreMatch | undefined {
    return this.#match;
  }

  /** What the store and the ledger agree that it is called; undefined where they do not, or where it has no name. */
  get identity(): string | undefined {
    return this.#id;
  }

  /** Whether uploads for a domain may come in here. What cannot be asked is not taken for another store. */
  mayStore(domain: string): boolean {
    if (this.#match === undefined) return this.#found?.is !== "none";
    return this.#right.has(domain);
  }

  /**
   * Whether a file of a domain's that is not here is gone. With credentials that never could look that is as certain
   * as it ever was; where an identity was once seen and cannot be looked at now it is not.
   */
  mayForget(domain: string): boolean {
    if (this.#match === undefined || !this.#right.has(domain)) return false;
    return this.#match.verdicts.get(domain) !== "unknown" || !this.#match.known.has(domain);
  }

  /**
   * Looks whether it is still the right store. Calls share a look that began after they came.
   *
   * @throws {LedgerAwayError}, and what the store throws when it cannot be asked; what was known before holds then.
   */
  look(): Promise<void> {
    this.#nextLook ??= (this.#looking ?? Promise.resolve()).catch(ignore).then(() => {
      this.#nextLook = undefined;
      this.#looking = this.#look().finally(() => {
        this.#looking = undefined;
      });
      return this.#looking;
    });
    return this.#nextLook;
  }

  /**
   * Makes sure that what was just missing is gone.
   *
   * @throws {OtherStoreError} when it may be in another store; what `look` throws.
   */
  async confirm(domain: string): Promise<void> {
    const isNew = this.#options.monotonic() - this.#lookedAt < lookCounts;
    const isCertain = this.#id === undefined && isNew && this.mayForget(domain);
    if (!isCertain) await this.look();
    if (!this.mayForget(domain)) throw new OtherStoreError(this.problem(domain) ?? "The store is not known.");
  }

  /** Takes the store for the right one from now on, whatever is missing in it. */
  async accept(): Promise<void> {
    const found = await this.#store.identity.read();
    await this.#agree(found, found.is === "found" ? found.id : this.#options.newId(), this.domains);
    await this.look();
  }

  /** Whether it is the store of any of its domains. */
  get isRight(): boolean {
    return this.#right.size > 0;
  }

  /** Why the store is not that of a domain, in a sentence or two; undefined when it is. */
  problem(domain: string): string | undefined {
    if (this.#match === undefined) return "The ledger is not available yet, and the store has no identity.";
    if (this.#right.has(domain)) {
      return this.mayForget(domain)
        ? undefined
        : "The key may no longer read the store, so slotd cannot determine whether it is the right one.";
    }
    const { found, known, verdicts, sample } = this.#match;
    const lacking = [...verdicts].flatMap(([each, verdict]) => (verdict === "missing" ? [each] : []));
    const whose = lacking.includes(domain) ? domain : lacking.join(" and ");
    const expected = known.get(domain);
    const other = found.is === "found" ? `another identity (${short(found.id)})` : "no identity";
    const than = expected === undefined ? "" : `, not the one in the ledger (${short(expected)})`;
    return `The ledger has files of ${whose}. slotd looked for ${sample.looked} of them in this store and found none; the store has ${other}${than}.`;
  }

  /** The inventory of a domain: what is missing in it is gone, or an error says that this is not certain. */
  inventoryFor(domain: string): Inventory {
    const { inventory } = this.#store;
    return {
      list: () => this.#list(domain),
      sizeOf: async (object) => {
        const size = await inventory.sizeOf(object);
        if (size === undefined) await this.confirm(domain);
        return size;
      },
      remove: async (objects) => {
        if (objects.length === 0) return [];
        await this.confirm(domain);
        const failed = await inventory.remove(objects);
        // What was not there counts as removed: so it must have been the right store until now.
        await this.confirm(domain);
        return failed;
      },
    };
  }

  async *#list(domain: string) {
    await this.confirm(domain);
    yield* this.#store.inventory.list();
    await this.confirm(domain);
  }

  async #look(): Promise<void> {
    if (await this.#isAsAgreed()) return;
    if (this.#match === undefined) this.#found = await this.#store.identity.read();
    const match = await matchStore(this.#store);
    this.#lookedAt = this.#options.monotonic();
    this.#id = undefined;
    this.#match = match;
    const { found, known } = match;
    this.#right = domainsIn(match);
    const right = [...this.#right];
    if (right.length === 0 || [...match.verdicts.values()].includes("unknown")) return;
    const before = right.flatMap((domain) => known.get(domain) ?? []);
    const id = found.is === "found" ? found.id : (before[0] ?? this.#options.newId());
    if (this.#options.mayWrite()) await this.#agree(found, id, right);
    else if (found.is === "found" && right.every((domain) => known.get(domain) === id)) this.#id = id;
  }

  /** The usual case: one small read, and the ledger is not asked. */
  async #isAsAgreed(): Promise<boolean> {
    if (this.#id === undefined || this.#match === undefined) return false;
    if (this.#right.size < this.domains.length) return false;
    const found = await this.#store.identity.read();
    return found.is === "found" && found.id === this.#id && !found.isOld;
  }

  /** Has the store and the ledger say the same. Where the store takes no identity there is none, as before. */
  async #agree(found: FoundIdentity, id: string, domains: readonly string[]): Promise<void> {
    if (found.is !== "found" && !(await this.#store.identity.write(id))) return;
    if (found.is === "found" && found.isOld) await this.#store.identity.renew(id);
    // Read back: another slotd may have written one at the same time.
    const kept = await this.#store.identity.read();
    if (kept.is !== "found") return;
    const known = await this.#store.ledger.storeIds(domains);
    const unknown = domains.filter((domain) => known.get(domain) !== kept.id);
    if (unknown.length > 0) await this.#store.ledger.setStoreId(unknown, kept.id);
    this.#id = kept.id;
  }
}

/** Enough to tell two apart. */
function short(id: string): string {
  return `${id.slice(0, 8)}…`;
}

function ignore(): void {}
