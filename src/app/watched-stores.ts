import { placeOf } from "../admin/premises.ts";
import { StoreGuard } from "../admin/store-guard.ts";
import type { DomainConfig } from "../config/config.ts";
import type { Watchers } from "../ops/events.ts";
import type { Refusal } from "../slot/refusal.ts";
import type { Bucket } from "../store/bucket.ts";
import { bucketRoot } from "../store/bucket-root.ts";
import type { CredentialSource } from "../store/credentials.ts";
import { makeStoreFolders } from "../store/disk-store.ts";
import { newStoreId } from "../store/store-identity.ts";
import type { Watched } from "../store/watched.ts";
import type { FolderLock } from "./folder-locks.ts";
import { groupBy } from "./group-by.ts";
import { openStoreOf, type StoreDeps } from "./inventories.ts";
import { ledgerKey } from "./keepers.ts";
import { present } from "./present.ts";
import type { RecordKeeper } from "./record-keeper.ts";
import { type LookIntervals, WatchedStore } from "./watched-store.ts";

/** A look at a folder is one small read; one at a bucket is a request that costs. Milliseconds. */
const intervals: Readonly<Record<DomainConfig["backend"], LookIntervals>> = {
  disk: { same: 1_000, other: 2_000 },
  s3: { same: 60_000, other: 15_000 },
};

export interface WatchDeps extends StoreDeps {
  readonly watchers: Watchers;
  readonly credentialsOf: (domain: DomainConfig) => CredentialSource | undefined;
  /** The ledger of a domain that has one. */
  readonly recordsOf: (domain: DomainConfig) => RecordKeeper | undefined;
  readonly keysOf: (path: string) => Pick<Watched<unknown>, "refresh"> | undefined;
  readonly lockOf: (path: string) => FolderLock | undefined;
}

/** What tells one store of one ledger from another, and what slotd knows of it; secret. */
export function watchKey({ ledger, s3, disk }: DomainConfig): string {
  return JSON.stringify([ledger, s3 ?? disk.path]);
}

/** How to watch the store of each ledger, for the domains that have their files in it. */
export function watchedStoresWanted(
  domains: readonly DomainConfig[],
  deps: WatchDeps,
): ReadonlyMap<string, () => Promise<WatchedStore>> {
  const groups = groupBy(
    domains.filter(({ ledger }) => ledger.kind !== "none"),
    (domain) => `${ledgerKey(domain)} ${placeOf(domain)}`,
  );
  const wanted = new Map<string, () => Promise<WatchedStore>>();
  for (const sharing of groups.values()) {
    const key = JSON.stringify(sharing.map((domain) => [domain.domain, watchKey(domain)]));
    wanted.set(key, () => watchStore(sharing, deps));
  }
  return wanted;
}

/** Finds the store of a domain; undefined where no ledger knows what should be in it. */
export function watchedStoreOf(
  stores: readonly WatchedStore[],
): (domain: DomainConfig) => WatchedStore | undefined {
  const byDomain = new Map(stores.flatMap((store) => store.guard.domains.map((domain) => [domain, store])));
  return ({ domain }) => byDomain.get(domain);
}

/** A bucket that makes no slot while its store is not the right one. */
export function watchedBucket(bucket: Bucket, domain: string, store: WatchedStore | undefined): Bucket {
  if (store === undefined) return bucket;
  return { ...bucket, unavailable: (now) => store.refusal(domain) ?? bucket.unavailable?.(now) };
}

/**
 * Why domains that share a store take no uploads. Whose an upload is cannot be told before it is there: so it is
 * taken as long as the store is the right one for any of them.
 */
export function unavailableIn(
  storeOf: (domain: DomainConfig) => WatchedStore | undefined,
): (domains: readonly DomainConfig[]) => Refusal | undefined {
  return (domains) => {
    let refusal: Refusal | undefined;
    for (const domain of domains) {
      const store = storeOf(domain);
      if (store === undefined) continue;
      const own = store.refusal(domain.domain);
      if (own === undefined) return undefined;
      refusal = own;
    }
    return refusal;
  };
}

/** The first look is part of the preparation, so that what is put in force knows of it. */
async function watchStore(
  sharing: readonly [DomainConfig, ...DomainConfig[]],
  deps: WatchDeps,
): Promise<WatchedStore> {
  const [first] = sharing;
  const { backend, disk, s3 } = first;
  const store = { ...openStoreOf(first, deps.credentialsOf(first), deps), domains: namesOf(sharing) };
  const guard = new StoreGuard(
    { ...store, ledger: present(deps.recordsOf(first)).ledger },
    {
      mayWrite: () => watched.isStarted,
      newId: () => newStoreId(deps.randomBytes),
      monotonic: deps.watchers.monotonic,
    },
  );
  const lock = s3 === undefined ? deps.lockOf(disk.path) : undefined;
  const watched = new WatchedStore(
    guard,
    {
      name: nameOf(first),
      intervals: intervals[backend],
      ...(lock && { isOwn: () => lock.follow() }),
      ...(s3 === undefined && { onBack: () => comeBack(disk.path, deps) }),
    },
    deps.watchers.log,
  );
  await watched.open();
  return watched;
}

/** Slots are signed with the keys that lie there, and files put into the folders. */
async function comeBack(path: string, { keysOf }: WatchDeps): Promise<void> {
  await makeStoreFolders(path);
  await keysOf(path)?.refresh();
}

function namesOf(domains: readonly DomainConfig[]): string[] {
  return domains.map(({ domain }) => domain);
}

/** No URL: none stands in the log. */
function nameOf({ s3, disk }: DomainConfig): string {
  if (s3 === undefined) return `folder ${disk.path}`;
  const { name, host } = bucketRoot(s3.bucketUrl);
  return `bucket ${name} at ${host}`;
}
