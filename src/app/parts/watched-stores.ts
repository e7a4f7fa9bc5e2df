import type { DomainConfig } from "../../config/config.ts";
import { present } from "../buckets/present.ts";
import { type Around, part } from "../part.ts";
import type { WatchedStore } from "../stores/watched-store.ts";
import { type Sharing, storesOf, watchStore } from "../stores/watched-stores.ts";
import { credentials, credentialsOf } from "./credentials.ts";
import { diskStores } from "./disk-stores.ts";
import { folderLocks, lockOf } from "./folder-locks.ts";
import { ledgerOf, ledgers } from "./ledgers.ts";
import { keysOf, signingKeys } from "./signing-keys.ts";
import { spentFiles, spentOf } from "./spent-files.ts";

/** The stores of which a ledger knows what is in them: whether each is the right one. */
export const watchedStores = part<WatchedStore, Sharing>({
  needs: [folderLocks, signingKeys, credentials, diskStores, ledgers, spentFiles],
  wanted: ({ config }) => storesOf(config.domains),
  async make(sharing, around) {
    const [first] = sharing;
    return watchStore(sharing, {
      ...around.deps,
      credentials: credentialsOf(around, first),
      ledger: present(ledgerOf(around, first)),
      keys: keysOf(around, first),
      spent: spentOf(around, first),
      lock: first.s3 === undefined ? await lockOf(around, first.disk.path) : undefined,
    });
  },
  use: (store) => store.start(),
  observe({ running, watchers: { metrics } }) {
    metrics.beforeScrape(() => {
      metrics.forget("storeMatches");
      for (const store of running.of(watchedStores))
        for (const domain of store.guard.domains)
          metrics.set("storeMatches", { domain }, store.refusal(domain) === undefined ? 1 : 0);
    });
  },
});

/** The store of a domain; undefined where no ledger knows what should be in it. */
export function storeOf(around: Around, { domain }: DomainConfig): WatchedStore | undefined {
  for (const store of around.of(watchedStores).values()) {
    if (store.guard.domains.includes(domain)) return store;
  }
  return undefined;
}
