import { takesUploads } from "../config/places.ts";
import type { Disagreement, Ledger, LedgerFile, Limits } from "../ledger/ledger.ts";
import type { StoredObject } from "../store/inventory.ts";
import { type Difference, differenceOf, mergeByToken, type Pair, pairsOf } from "./agree.ts";
import { allFiles } from "./all-files.ts";
import type { Premise, Premises } from "./premises.ts";

/** What is done about a difference. */
export type Mending =
  /** The ledger was made to say what the store has. */
  | "mended"
  /** An object that the ledger did not know, or that is larger than its slot, was removed. */
  | "removed"
  /** Nothing: it was not asked for, or nothing can be done. */
  | "left";

export interface ReconcileOptions {
  readonly now: () => Date;
  /** Whether differences are mended. */
  readonly fix: boolean;
  /** Whether what the ledger does not know is removed instead of entered; only with `fix`. */
  readonly deleteUnknown: boolean;
  /** Stops between two files. */
  readonly signal: AbortSignal;
  readonly onDifference: (difference: Difference, mending: Mending) => void;
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
}

/**
 * Compares ledgers and stores both ways, in constant memory and beside a slotd that is at work: each difference is
 * looked at once more before it counts, so that what happens meanwhile is none.
 *
 * Mending: a file that is not in the store is forgotten; one of another size, or that is there though it was not
 * completed, gets the store's size; an object that the ledger does not know is entered under the domain's own name,
 * whatever the quotas, with the expiry that the store knows; sums are made anew. What is damaged is left alone. What
 * is larger than its slot in a bucket that clients PUT to is removed: no operator has put it there.
 */
export async function reconcile(premises: Premises, options: ReconcileOptions): Promise<Reconciled> {
  const tally = { looked: 0, differences: 0, left: 0 };
  for (const place of new Set(premises.domains.map((domain) => domain.place))) {
    const sharing = premises.domains.filter((domain) => domain.place === place);
    if (sharing.some(({ ledger }) => ledger !== undefined)) await reconcilePlace(sharing, options, tally);
  }
  const sums: Disagreement[] = [];
  for (const ledger of options.signal.aborted ? [] : premises.ledgers) {
    sums.push(...(await ledger.audit()));
    if (options.fix) await ledger.mend();
  }
  const left = tally.left + (options.fix ? 0 : sums.length);
  return { ...tally, left, sums, isWhole: !options.signal.aborted };
}

/** What else may lie in a place cannot be told when one of its domains writes nothing down. */
async function reconcilePlace(
  sharing: readonly Premise[],
  options: ReconcileOptions,
  tally: { looked: number; differences: number; left: number },
): Promise<void> {
  const [first, ...others] = sharing;
  if (first === undefined) return;
  const ledgers = new Set(sharing.flatMap(({ ledger }) => ledger ?? []));
  const isAllWritten = sharing.every(({ ledger }) => ledger !== undefined);
  const files = mergeByToken(
    sharing.flatMap(({ ledger, config }) =>
      ledger === undefined ? [] : [allFiles(ledger, { domain: config.domain })],
    ),
  );
  for await (const pair of pairsOf(files, first.inventory.list())) {
    if (options.signal.aborted) return;
    options.onProgress(++tally.looked);
    if (differenceOf(pair, options.now()) === undefined) continue;
    if (pair.file === undefined && !isAllWritten) continue;
    const found = await lookAgain(pair, first, ledgers, options.now());
    if (found === undefined) continue;
    tally.differences += 1;
    const mending = options.fix
      ? await mend(found.difference, found.ledger, [first, ...others], options)
      : "left";
    if (mending === "left") tally.left += 1;
    options.onDifference(found.difference, mending);
  }
}

/** The difference as it is now, and the ledger that knows the file, or else that of the place. */
async function lookAgain(
  seen: Pair,
  { inventory, ledger: own }: Premise,
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
  const difference = differenceOf({ token: seen.token, file, object }, now);
  return difference === undefined || ledger === undefined ? undefined : { difference, ledger };
}

async function findObject(
  { token, file: before, object }: Pair,
  file: LedgerFile | undefined,
  inventory: Premise["inventory"],
  now: Date,
): Promise<StoredObject | undefined> {
  // Damage does not heal, and what is damaged has no size.
  if (object?.damage !== undefined) return object;
  const filename = object?.filename ?? file?.filename ?? before?.filename ?? "";
  const size = await inventory.sizeOf({ token, filename });
  if (size === undefined) return undefined;
  return { token, filename, size, stored: object?.stored ?? now, expiry: object?.expiry };
}

async function mend(
  difference: Difference,
  ledger: Ledger,
  sharing: readonly [Premise, ...Premise[]],
  { deleteUnknown }: ReconcileOptions,
): Promise<Mending> {
  const [{ inventory, config }] = sharing;
  const oversized = oversizedFile(difference, sharing);
  if (oversized !== undefined) {
    await ledger.doom([oversized.token]);
    return (await inventory.remove([oversized])).length === 0 ? "removed" : "left";
  }
  switch (difference.kind) {
    case "missing":
      await ledger.forget([difference.file.token]);
      return "mended";
    case "other-size": {
      const { token, domain, jid, purpose, filename, expires, completed, reserved } = difference.file;
      const about = { token, domain, jid, purpose, filename, expires };
      await ledger.forget([token]);
      await ledger.adopt({ ...about, size: difference.size, completed: completed ?? reserved });
      return "mended";
    }
    case "not-completed":
      await ledger.complete(difference.file.token, difference.size, () => noLimits);
      return "mended";
    case "unknown": {
      const { token, filename, size, stored, expiry } = difference.object;
      if (deleteUnknown)
        return (await inventory.remove([difference.object])).length === 0 ? "removed" : "left";
      const { domain } = config;
      const about = { token, filename, size, completed: stored, expires: expiry };
      await ledger.adopt({ ...about, domain, jid: domain, purpose: "message" });
      return "mended";
    }
    case "damaged":
      return "left";
  }
}

/** The file that a client has put more into than its slot was for, where slotd does not see uploads. */
function oversizedFile(difference: Difference, sharing: readonly Premise[]): LedgerFile | undefined {
  if (difference.kind !== "other-size" && difference.kind !== "not-completed") return undefined;
  const { file, size } = difference;
  const owner = sharing.find(({ config }) => config.domain === file.domain);
  return size > file.size && owner !== undefined && !takesUploads(owner.config) ? file : undefined;
}

const unlimited = { bytes: undefined, files: undefined };

/** The bytes are there, whatever the quotas: the ledger says what is. */
const noLimits: Limits = {
  purpose: unlimited,
  user: unlimited,
  userDaily: unlimited,
  domain: unlimited,
  total: unlimited,
  whenFull: "refuse",
  mayDelete: [],
  rates: [],
};
