import { takesUploads } from "../config/places.ts";
import { type Disagreement, type Ledger, type LedgerFile, noLimits } from "../ledger/ledger.ts";
import type { StoredObject } from "../store/inventory.ts";
import { isAddressToken } from "../store/object-token.ts";
import { type Difference, differenceOf, type Pair } from "./agree.ts";
import { allFiles } from "./all-files.ts";
import { HeldBack, type TooMany } from "./held-back.ts";
import { inPages, mergeByToken, pairsOf, placed } from "./merge.ts";
import type { OpenDomain, OpenDomains } from "./open-domains.ts";

/** What is done about a difference. */
export type Repair =
  /** The ledger was made to say what the store has. */
  | "repaired"
  /** An object that the ledger did not know, or that is larger than its slot, was removed. */
  | "removed"
  /** Nothing: it was not asked for, or nothing can be done. */
  | "left";

export interface ReconcileOptions {
  readonly now: () => Date;
  /** Whether differences are repaired. */
  readonly fix: boolean;
  /** Whether what the ledger does not know is removed instead of entered; only with `fix`. */
  readonly deleteUnknown: boolean;
  /**
   * Whether files are forgotten also when more than a small share of all is missing, or when the store is not the one
   * that the ledger knows, which it is from then on; only with `fix`.
   */
  readonly forgetMany: boolean;
  /** Whether objects are removed also when the ledger does not know more than a small share; with `deleteUnknown`. */
  readonly deleteMany: boolean;
  /** Stops between two files. */
  readonly signal: AbortSignal;
  readonly onDifference: (difference: Difference, repair: Repair) => void;
  /** Called after each token. */
  readonly onProgress: (looked: number) => void;
}

export interface Reconciled {
  /** How many tokens were looked at, on either side. */
  readonly looked: number;
  readonly differences: number;
  /** How many of the differences are still there. */
  readonly left: number;
  /** Sums that do not agree with their files. */
  readonly sums: readonly Disagreement[];
  readonly isWhole: boolean;
  /** Missing files, when they are so many that they were not forgotten. */
  readonly tooManyMissing: TooMany | undefined;
  /** Objects that the ledger does not know, when they are so many that they were not removed. */
  readonly tooManyUnknown: TooMany | undefined;
}

/**
 * Compares ledgers and stores both ways, in constant memory and beside a slotd that is at work: each difference is
 * looked at once more before it counts, so that what happens meanwhile is none.
 *
 * Repair: a file that is not in the store is forgotten; one of another size, or that is there though it was not
 * completed, gets the store's size; an object that the ledger does not know is entered under the domain's own name,
 * whatever the quotas, with the expiry that the store knows; sums are made anew. What is damaged is left alone. What
 * is larger than its slot in a bucket that clients PUT to is removed: no operator has put it there. Files are
 * forgotten, and objects removed, at the end, and only if they are few.
 *
 * @throws {OtherStoreError} when a store is not the one that its ledger knows, but with `forgetMany`.
 */
export async function reconcile(openDomains: OpenDomains, options: ReconcileOptions): Promise<Reconciled> {
  const isOtherFine = options.fix && options.forgetMany;
  if (!isOtherFine) await openDomains.requireStores();
  const work = new Work(options);
  const places = placesOf(openDomains);
  for await (const pairs of pairsIn(openDomains, places)) {
    if (options.signal.aborted) break;
    await comparePage(pairs, places, options, work);
  }
  const tooMany = await work.finish(openDomains);
  const sums: Disagreement[] = [];
  for (const ledger of options.signal.aborted ? [] : openDomains.ledgers) {
    sums.push(...(await (options.fix ? ledger.repair() : ledger.audit())));
  }
  const isWhole = !options.signal.aborted;
  if (isOtherFine && isWhole) await openDomains.acceptStores();
  const { tally } = work;
  const left = tally.left + (options.fix ? 0 : sums.length);
  return { ...tally, left, sums, isWhole, ...tooMany };
}

async function comparePage(
  pairs: readonly Pair[],
  places: readonly Place[],
  options: ReconcileOptions,
  work: Work,
): Promise<void> {
  for (const pair of pairs) {
    if (options.signal.aborted) return;
    options.onProgress(work.count(pair));
    const place = places[pair.place];
    const isWorthALook = place !== undefined && differenceOf(pair, options.now()) !== undefined;
    if (isWorthALook) await settle(pair, place, options, work);
  }
}

type Sharing = readonly [OpenDomain, ...OpenDomain[]];

/** Where files lie, and the domains that have them there. */
interface Place {
  /** The domains that have their files there; the first stands for the place. */
  readonly sharing: Sharing;
  readonly first: OpenDomain;
  readonly ledgers: ReadonlySet<Ledger>;
  /** What else may lie there cannot be told when one of its domains writes nothing down. */
  readonly isAllWritten: boolean;
}

/** The places of which some domain writes its files down. */
function placesOf({ domains }: OpenDomains): Place[] {
  return [...Map.groupBy(domains, ({ place }) => place).values()].flatMap((sharing) => {
    const [given, ...others] = sharing;
    const ledgers = new Set(sharing.flatMap(({ ledger }) => ledger ?? []));
    if (given === undefined || ledgers.size === 0) return [];
    // Whether it is the right store was asked before, and is asked again before anything is forgotten.
    const first = { ...given, inventory: given.guard?.unguarded ?? given.inventory };
    const isAllWritten = sharing.every(({ ledger }) => ledger !== undefined);
    return [{ sharing: [first, ...others], first, ledgers, isAllWritten }];
  });
}

/** What is on both sides: each ledger and each place is walked once, however many domains share them. */
function pairsIn(
  { domains, ledgers }: OpenDomains,
  places: readonly Place[],
): AsyncIterable<readonly Pair[]> {
  const files = ledgers.map((ledger) => {
    const own = domains.filter((domain) => domain.ledger === ledger);
    const byDomain = new Map(
      own.map(({ config, place }) => [config.domain, places.findIndex(({ first }) => first.place === place)]),
    );
    return placed(allFiles(ledger), ({ domain }) => byDomain.get(domain));
  });
  const objects = places.map(({ first }, i) => placed(inPages(first.inventory.list()), () => i));
  return pairsOf(mergeByToken(files), mergeByToken(objects));
}

async function settle(
  pair: Pair,
  { sharing, first, ledgers, isAllWritten }: Place,
  options: ReconcileOptions,
  work: Work,
): Promise<void> {
  if (pair.file === undefined && !isAllWritten) return;
  const found = await lookAgain(pair, first, ledgers, options.now());
  if (found !== undefined) await work.settle({ ...found, sharing });
}

/** A difference, and what it takes to repair it. */
interface Found {
  readonly difference: Difference;
  readonly ledger: Ledger;
  readonly sharing: Sharing;
}

/** Repairs what is found, and holds back what is not to be done to too many. */
class Work {
  readonly tally = { looked: 0, differences: 0, left: 0 };
  readonly #options: ReconcileOptions;
  readonly #missing = new HeldBack<Found>();
  readonly #unknown = new HeldBack<Found>();

  constructor(options: ReconcileOptions) {
    this.#options = options;
  }

  /** @returns how many were looked at so far. */
  count({ file, object }: Pair): number {
    if (file?.state === "complete") this.#missing.countOne();
    if (object !== undefined) this.#unknown.countOne();
    return ++this.tally.looked;
  }

  async settle(found: Found): Promise<void> {
    this.tally.differences += 1;
    const held = this.#heldBackFor(found.difference);
    if (held === undefined) return this.#tell(found, await this.#repair(found));
    for (const left of held.hold(found)) this.#tell(left, "left");
  }

  /** Does what was held back, if it is little, and if the stores are still the right ones. */
  async finish(openDomains: OpenDomains): Promise<Pick<Reconciled, "tooManyMissing" | "tooManyUnknown">> {
    const [missing, unknown] = [this.#missing.release(), this.#unknown.release()];
    if (missing.items.length + unknown.items.length > 0 && !this.#options.forgetMany)
      await openDomains.requireStores();
    for (const { items, tooMany } of [missing, unknown]) {
      const isDone = tooMany === undefined && !this.#options.signal.aborted;
      for (const found of items) this.#tell(found, isDone ? await this.#repair(found) : "left");
    }
    return { tooManyMissing: missing.tooMany, tooManyUnknown: unknown.tooMany };
  }

  #heldBackFor({ kind }: Difference): HeldBack<Found> | undefined {
    const { fix, forgetMany, deleteUnknown, deleteMany } = this.#options;
    if (fix && kind === "missing" && !forgetMany) return this.#missing;
    if (fix && kind === "unknown" && deleteUnknown && !deleteMany) return this.#unknown;
    return undefined;
  }

  async #repair({ difference, ledger, sharing }: Found): Promise<Repair> {
    return this.#options.fix ? repair(difference, ledger, sharing, this.#options) : "left";
  }

  #tell({ difference }: Found, repair: Repair): void {
    if (repair === "left") this.tally.left += 1;
    this.#options.onDifference(difference, repair);
  }
}

/** The difference as it is now, and the ledger that knows the file, or else that of the place. */
async function lookAgain(
  seen: Pair,
  { inventory, ledger: own }: OpenDomain,
  ledgers: ReadonlySet<Ledger>,
  now: Date,
): Promise<{ readonly difference: Difference; readonly ledger: Ledger } | undefined> {
  let file: LedgerFile | undefined;
  let ledger = own ?? [...ledgers][0];
  for (const each of ledgers) {
    const found = await each.find(seen.token);
    if (found !== undefined) [file, ledger] = [found, each];
  }
  const object = await findObject(seen, file, inventory, now);
  const difference = differenceOf({ file, object }, now);
  return difference === undefined || ledger === undefined ? undefined : { difference, ledger };
}

async function findObject(
  { token, file: before, object }: Pair,
  file: LedgerFile | undefined,
  inventory: OpenDomain["inventory"],
  now: Date,
): Promise<StoredObject | undefined> {
  // Damage does not heal, and what is damaged has no size.
  if (object?.damage !== undefined) return object;
  const filename = object?.filename ?? file?.filename ?? before?.filename ?? "";
  const size = await inventory.sizeOf({ token, filename });
  if (size === undefined) return undefined;
  return { token, filename, size, stored: object?.stored ?? now, expiry: object?.expiry };
}

async function repair(
  difference: Difference,
  ledger: Ledger,
  sharing: Sharing,
  { deleteUnknown }: ReconcileOptions,
): Promise<Repair> {
  const [{ inventory, config }] = sharing;
  const oversized = oversizedFile(difference, sharing);
  if (oversized !== undefined) {
    await ledger.markForDeletion([oversized.token]);
    return (await inventory.remove([oversized])).length === 0 ? "removed" : "left";
  }
  switch (difference.kind) {
    case "missing":
      // Whoever has taken it out of the store has deleted it, and its address must not take it again.
      if (isAddressToken(difference.file.token)) await inventory.remove([difference.file]);
      await ledger.forget([difference.file.token]);
      return "repaired";
    case "other-size": {
      const { token, domain, jid, purpose, filename, expires, completed, reserved } = difference.file;
      const about = { token, domain, jid, purpose, filename, expires };
      await ledger.forget([token]);
      await ledger.adopt({ ...about, size: difference.size, completed: completed ?? reserved });
      return "repaired";
    }
    case "not-completed":
      await ledger.complete(difference.file.token, difference.size, () => noLimits);
      return "repaired";
    case "unknown": {
      const { token, filename, size, stored, expiry } = difference.object;
      if (deleteUnknown)
        return (await inventory.remove([difference.object])).length === 0 ? "removed" : "left";
      const { domain } = config;
      const about = { token, filename, size, completed: stored, expires: expiry };
      await ledger.adopt({ ...about, domain, jid: domain, purpose: "message" });
      return "repaired";
    }
    case "damaged":
      return "left";
  }
}

/** The file that a client has put more into than its slot was for, where slotd does not see uploads. */
function oversizedFile(difference: Difference, sharing: readonly OpenDomain[]): LedgerFile | undefined {
  if (difference.kind !== "other-size" && difference.kind !== "not-completed") return undefined;
  const { file, size } = difference;
  const owner = sharing.find(({ config }) => config.domain === file.domain);
  return size > file.size && owner !== undefined && !takesUploads(owner.config) ? file : undefined;
}
