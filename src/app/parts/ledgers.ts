import type { DomainConfig } from "../../config/config.ts";
import type { LedgerLocation } from "../../config/values.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { watchLedger } from "../../ops/watch-ledger.ts";
import { present } from "../buckets/present.ts";
import { ledgerKey } from "../ledgers/ledger-key.ts";
import { openLedger } from "../ledgers/open-ledger.ts";
import { type Around, part, type Stoppable } from "../part.ts";

/** A ledger whose calls are timed and counted. */
export interface OpenLedger extends Stoppable {
  readonly ledger: Ledger;
}

export const ledgers = part<OpenLedger, LedgerLocation>({
  wanted: ({ config }) =>
    new Map(
      config.domains
        .filter(({ ledger }) => ledger.url.kind !== "none")
        .map((domain) => [ledgerKey(domain), domain.ledger.url]),
    ),
  async make(location, { deps: { now, watchers } }) {
    const ledger = watchLedger(present(await openLedger(location, { now, log: watchers.log })), watchers);
    return { ledger, stop: () => ledger.close() };
  },
});

/** The ledger of a domain; undefined where nothing is written down. */
export function ledgerOf(around: Around, domain: DomainConfig): Ledger | undefined {
  return around.of(ledgers).get(ledgerKey(domain))?.ledger;
}
