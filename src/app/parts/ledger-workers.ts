import type { DomainConfig } from "../../config/config.ts";
import { present } from "../buckets/present.ts";
import { groupBy, type NonEmpty } from "../group-by.ts";
import { ledgerKey } from "../ledgers/ledger-key.ts";
import { LedgerWorker, type RecordedDomain } from "../ledgers/ledger-worker.ts";
import { type Around, part } from "../part.ts";
import { ledgerOf, ledgers } from "./ledgers.ts";
import { storeOf, watchedStores } from "./watched-stores.ts";

/** What settles and sweeps each ledger, for the domains that are written down in it. */
export const ledgerWorkers = part<LedgerWorker, NonEmpty<DomainConfig>>({
  needs: [ledgers, watchedStores],
  wanted: ({ config }) =>
    groupBy(
      config.domains.filter(({ ledger }) => ledger.url.kind !== "none"),
      ledgerKey,
    ),
  make([first], around) {
    const { now, watchers } = around.deps;
    return new LedgerWorker(present(ledgerOf(around, first)), { now, watchers });
  },
  use: (worker, domains, around) => worker.use(domains.map((config) => recorded(config, around))),
});

/** The worker of a domain's ledger; undefined where nothing is written down. */
export function workerOf(around: Around, domain: DomainConfig): LedgerWorker | undefined {
  return around.of(ledgerWorkers).get(ledgerKey(domain));
}

function recorded(config: DomainConfig, around: Around): RecordedDomain {
  const { domain } = config;
  const store = present(storeOf(around, config));
  return {
    config,
    inventory: store.guard.inventoryFor(domain),
    mayForget: () => store.mayForget(domain),
  };
}
