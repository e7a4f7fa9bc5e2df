import type { DomainConfig } from "../config/config.ts";
import type { LedgerLocation } from "../config/values.ts";
import type { Watchers } from "../ops/events.ts";
import type { Inventory } from "../store/inventory.ts";
import { groupBy } from "./group-by.ts";
import { openLedger } from "./open-ledger.ts";
import { present } from "./present.ts";
import { type RecordedDomain, RecordKeeper } from "./record-keeper.ts";

/** What tells one ledger from another; secret. */
export function ledgerKey({ ledger }: { readonly ledger: { readonly url: LedgerLocation } }): string {
  return JSON.stringify(ledger.url);
}

/** How to make the keeper of each ledger that these domains use. */
export function keepersWanted(
  domains: readonly DomainConfig[],
  deps: { readonly now: () => Date; readonly watchers: Watchers },
): ReadonlyMap<string, () => Promise<RecordKeeper>> {
  const recorded = domains.filter(({ ledger }) => ledger.url.kind !== "none");
  const ledgerDeps = { now: deps.now, log: deps.watchers.log };
  return new Map(
    recorded.map(({ ledger }) => [
      ledgerKey({ ledger }),
      async () => new RecordKeeper(present(await openLedger(ledger.url, ledgerDeps)), deps),
    ]),
  );
}

/** The domains of each keeper, with where their files are. */
export function recordedDomains(
  domains: readonly DomainConfig[],
  inventory: (domain: DomainConfig) => Inventory,
): ReadonlyMap<string, readonly RecordedDomain[]> {
  const groups = groupBy(
    domains.filter(({ ledger }) => ledger.url.kind !== "none"),
    ledgerKey,
  );
  return new Map(
    [...groups].map(([key, sharing]) => [
      key,
      sharing.map((config) => ({ config, inventory: inventory(config) })),
    ]),
  );
}
