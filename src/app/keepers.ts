import type { DomainConfig, LedgerLocation } from "../config/config.ts";
import type { Watchers } from "../ops/events.ts";
import { groupBy } from "./group-by.ts";
import { openLedger } from "./open-ledger.ts";
import { present } from "./present.ts";
import { type RecordedDomain, RecordKeeper } from "./record-keeper.ts";
import type { WatchedStore } from "./watched-store.ts";

/** What tells one ledger from another; secret. */
export function ledgerKey({ ledger }: { readonly ledger: LedgerLocation }): string {
  return JSON.stringify(ledger);
}

/** How to make the keeper of each ledger that these domains use. */
export function keepersWanted(
  domains: readonly DomainConfig[],
  deps: { readonly now: () => Date; readonly watchers: Watchers },
): ReadonlyMap<string, () => Promise<RecordKeeper>> {
  const recorded = domains.filter(({ ledger }) => ledger.kind !== "none");
  const ledgerDeps = { now: deps.now, log: deps.watchers.log };
  return new Map(
    recorded.map(({ ledger }) => [
      ledgerKey({ ledger }),
      async () => new RecordKeeper(present(await openLedger(ledger, ledgerDeps)), deps),
    ]),
  );
}

/** The domains of each keeper, with the stores in which their files are. */
export function recordedDomains(
  domains: readonly DomainConfig[],
  storeOf: (domain: DomainConfig) => WatchedStore | undefined,
): ReadonlyMap<string, readonly RecordedDomain[]> {
  const groups = groupBy(
    domains.filter(({ ledger }) => ledger.kind !== "none"),
    ledgerKey,
  );
  return new Map(
    [...groups].map(([key, sharing]) => [
      key,
      sharing.map((config) => {
        const store = present(storeOf(config));
        const { domain } = config;
        const mayForget = () => store.mayForget(domain);
        return { config, inventory: store.guard.inventoryFor(domain), mayForget };
      }),
    ]),
  );
}
