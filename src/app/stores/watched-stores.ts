import { placeOf } from "../../admin/open-domains.ts";
import { StoreGuard } from "../../admin/store-guard.ts";
import type { DomainConfig } from "../../config/config.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import type { Watchers } from "../../ops/events.ts";
import type { Refusal } from "../../slot/refusal.ts";
import type { Bucket } from "../../store/bucket.ts";
import type { CredentialSource } from "../../store/credentials.ts";
import { makeStoreFolders } from "../../store/disk/disk-store.ts";
import type { Watched } from "../../store/keys/watched.ts";
import { bucketRoot } from "../../store/s3/bucket-root.ts";
import { newStoreId } from "../../store/store-identity.ts";
import { groupBy } from "../group-by.ts";
import { ledgerKey } from "../ledgers/ledger-key.ts";
import type { FolderLock } from "./folder-locks.ts";
import { openStoreOf, type StoreDeps } from "./inventories.ts";
import { type LookIntervals, WatchedStore } from "./watched-store.ts";

/** A look at a folder is one small read; one at a bucket is a request that costs. Milliseconds. */
const intervals: Readonly<Record<DomainConfig["backend"], LookIntervals>> = {
  disk: { same: 1_000, other: 2_000 },
  s3: { same: 60_000, other: 15_000 },
};

export interface WatchDeps extends StoreDeps {
  readonly watchers: Watchers;
  readonly credentials: CredentialSource | undefined;
  readonly ledger: Ledger;
  readonly keys: Pick<Watched<unknown>, "refresh"> | undefined;
  readonly lock: FolderLock | undefined;
}

/** Domains that have their files in one store, and one ledger. */
export type Sharing = readonly [DomainConfig, ...DomainConfig[]];

/** The domains of each store of each ledger, under what tells it from others, and what slotd knows of it; secret. */
export function storesOf(domains: readonly DomainConfig[]): ReadonlyMap<string, Sharing> {
  const groups = groupBy(
    domains.filter(({ ledger }) => ledger.url.kind !== "none"),
    (domain) => `${ledgerKey(domain)} ${placeOf(domain)}`,
  );
  return new Map(
    [...groups.values()].map((sharing) => [
      JSON.stringify(sharing.map(({ domain, ledger, s3, disk }) => [domain, ledger, s3 ?? disk.path])),
      sharing,
    ]),
  );
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
export async function watchStore(sharing: Sharing, deps: WatchDeps): Promise<WatchedStore> {
  const [first] = sharing;
  const { backend, disk, s3 } = first;
  const store = { ...openStoreOf(first, deps.credentials, deps), domains: namesOf(sharing) };
  const guard = new StoreGuard(
    { ...store, ledger: deps.ledger },
    {
      mayWrite: () => watched.isStarted,
      newId: () => newStoreId(deps.randomBytes),
      monotonic: deps.watchers.monotonic,
    },
  );
  const lock = s3 === undefined ? deps.lock : undefined;
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
async function comeBack(path: string, { keys }: WatchDeps): Promise<void> {
  await makeStoreFolders(path);
  await keys?.refresh();
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
