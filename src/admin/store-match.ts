import type { Ledger, LedgerFile } from "../ledger/ledger.ts";
import { wasRemoved } from "../ledger/removal-attempts.ts";
import type { Inventory } from "../store/inventory.ts";
import type { FoundIdentity, StoreIdentity } from "../store/store-identity.ts";

/** A store, and the domains whose files one ledger says are in it. */
export interface StoreToMatch {
  readonly ledger: Pick<Ledger, "storeIds" | "setStoreId" | "sample" | "pendingDeletion">;
  readonly domains: readonly string[];
  readonly identity: StoreIdentity;
  /** As it is: what it has not got is told of any store. */
  readonly inventory: Inventory;
}

/**
 * What a store is to a domain. "same": it has the identity that the ledger knows. "recognised": it has another one or
 * none, and files of the domain's. "empty": there are no files by which it could be told. "missing": there are files
 * in the ledger, and none of a sample is there. "unknown": the credentials may not look.
 */
export type Verdict = "same" | "recognised" | "empty" | "missing" | "unknown";

/** How many files of a domain are looked for, at most twice. */
const sampleSize = 32;

/** Files looked for at the same time. */
const atOnce = 8;

/** What came of comparing a store with what the ledger knows of it. */
export interface StoreMatch {
  readonly found: FoundIdentity;
  /** What the ledger has the store's identity to be, for each domain of which it knows. */
  readonly known: ReadonlyMap<string, string>;
  readonly verdicts: ReadonlyMap<string, Verdict>;
  /** How many files of all domains were looked for, and how many of them were there. */
  readonly sample: { readonly looked: number; readonly there: number };
}

/**
 * Compares a store with what the ledger knows of it. Changes nothing. Where the identity is the right one that is all
 * that is asked for; else up to 64 files of each domain are looked for.
 *
 * @throws {LedgerAwayError}, and what the store throws when it cannot be asked.
 */
export async function matchStore(store: StoreToMatch): Promise<StoreMatch> {
  const found = await store.identity.read();
  const known = await store.ledger.storeIds(store.domains);
  const verdicts = new Map<string, Verdict>();
  const sample = { looked: 0, there: 0 };
  for (const domain of store.domains) {
    const isSame = found.is === "found" && known.get(domain) === found.id;
    verdicts.set(domain, isSame ? "same" : await judge(store, domain, sample));
  }
  for (const [domain, verdict] of verdicts) {
    // Its identity could be looked at, and is not the one that was known.
    if (verdict === "unknown" && known.has(domain) && found.is !== "denied") verdicts.set(domain, "missing");
  }
  return { found, known, verdicts, sample };
}

/**
 * The domains whose store this is. One that has files of none of them, though there should be, is nobody's: not that
 * of a domain either which has no files yet.
 */
export function domainsIn({ verdicts }: StoreMatch): ReadonlySet<string> {
  const all = [...verdicts.values()];
  const isRight = all.some((verdict) => verdict === "same" || verdict === "recognised");
  if (!isRight && all.includes("missing")) return new Set();
  return new Set([...verdicts].flatMap(([domain, verdict]) => (verdict === "missing" ? [] : [domain])));
}

async function judge(
  { ledger, inventory }: StoreToMatch,
  domain: string,
  sample: { looked: number; there: number },
): Promise<Verdict> {
  const files = [
    ...(await ledger.sample(domain, sampleSize)),
    ...(await ledger.pendingDeletion([domain], sampleSize)).filter(isStillThere),
  ];
  if (files.length === 0) return "empty";
  try {
    const there = await countThere(inventory, files);
    sample.looked += files.length;
    sample.there += there;
    return there > 0 ? "recognised" : "missing";
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "denied") return "unknown";
    throw error;
  }
}

/** A file that was complete and was not removed yet; one that is only to be removed again may be gone already. */
function isStillThere(file: LedgerFile): boolean {
  return file.completed !== undefined && !wasRemoved(file);
}

async function countThere(inventory: Inventory, files: readonly LedgerFile[]): Promise<number> {
  let there = 0;
  for (let from = 0; from < files.length; from += atOnce) {
    const sizes = await Promise.all(files.slice(from, from + atOnce).map((file) => inventory.sizeOf(file)));
    there += sizes.filter((size) => size !== undefined).length;
  }
  return there;
}
