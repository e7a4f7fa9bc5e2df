import type { DomainConfig } from "../../config/config.ts";
import { present } from "../buckets/present.ts";
import { groupBy, type NonEmpty } from "../group-by.ts";
import { ledgerKey } from "../ledgers/ledger-key.ts";
import { type RecordedDomain, RecordKeeper } from "../ledgers/ledger-worker.ts";
import { type Around, part } from "../part.ts";
import { ledgerOf, ledgers } from "./ledgers.ts";
import { storeOf, watchedStores } from "./watched-stores.ts";

/** What settles and sweeps each ledger, for the domains that are written down in it. */
export const keepers = part<RecordKeeper, NonEmpty<DomainConfig>>({
  needs: [ledgers, watchedStores],
  wanted: ({ config }) =>
    groupBy(
      config.domains.filter(({ ledger }) => ledger.url.kind !== "none"),
      ledgerKey,
    ),
  make([first], around) {
    const { now, watchers } = around.deps;
    return new RecordKeeper(present(ledgerOf(around, first)), { now, watchers });
  },
  use: (keeper, domains, around) => keeper.use(domains.map((config) => recorded(config, around))),
});

/** The keeper of a domain's ledger; undefined where nothing is written down. */
export function keeperOf(around: Around, domain: DomainConfig): RecordKeeper | undefined {
  return around.of(keepers).get(ledgerKey(domain));
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
