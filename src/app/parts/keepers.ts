import type { DomainConfig } from "../../config/config.ts";
import { groupBy } from "../group-by.ts";
import { inventoryOf } from "../inventories.ts";
import { openLedger } from "../open-ledger.ts";
import { type Around, part } from "../part.ts";
import { present } from "../present.ts";
import { type RecordedDomain, RecordKeeper } from "../record-keeper.ts";
import { credentials, credentialsOf } from "./credentials.ts";

/** The ledgers, each with what settles and sweeps it, for the domains that are written down in it. */
export const keepers = part<RecordKeeper, readonly [RecordedDomain, ...RecordedDomain[]]>({
  needs: [credentials],
  wanted(around) {
    const recorded = around.config.domains
      .filter(({ ledger }) => ledger.url.kind !== "none")
      .map((config) => ({
        config,
        inventory: inventoryOf(config, credentialsOf(around, config), around.deps),
      }));
    return groupBy(recorded, ({ config }) => keyOf(config));
  },
  async make([{ config }], { deps }) {
    const { now, watchers } = deps;
    const ledger = await openLedger(config.ledger.url, { now, log: watchers.log });
    return new RecordKeeper(present(ledger), { now, watchers });
  },
  use: (keeper, domains) => keeper.use(domains),
});

/** The keeper of a domain's ledger; undefined where nothing is written down. */
export function keeperOf(around: Around, domain: DomainConfig): RecordKeeper | undefined {
  return around.of(keepers).get(keyOf(domain));
}

/** Tells one ledger from another; secret. */
function keyOf({ ledger }: DomainConfig): string {
  return JSON.stringify(ledger.url);
}
