import type { DomainConfig } from "../../config/config.ts";
import type { SpentFile } from "../../ledger/spent-file.ts";
import type { SpentAddresses } from "../../store/spent-addresses.ts";
import { present } from "../buckets/present.ts";
import { type Around, part, type Stoppable } from "../part.ts";
import { spentIn, spentInLedger } from "../stores/spent-addresses.ts";
import { ledgerOf } from "./ledgers.ts";

/** The spent addresses of one data folder. */
export interface OpenSpentFile extends Stoppable {
  readonly spent: SpentFile;
}

/** What is remembered of deleted files in the data folders; in buckets it is in the ledger. */
export const spentFiles = part<OpenSpentFile, string>({
  wanted({ config }) {
    const onDisk = config.domains.filter(({ backend }) => backend === "disk");
    return new Map(onDisk.map(({ disk: { path } }) => [path, path]));
  },
  make(path) {
    const spent = spentIn(path);
    return { spent, stop: () => spent.close() };
  },
});

/** Where deleted files of a domain are remembered; undefined for a bucket without a ledger. */
export function spentOf(around: Around, domain: DomainConfig): SpentAddresses | undefined {
  if (domain.s3 === undefined) return present(around.of(spentFiles).get(domain.disk.path)).spent;
  const ledger = ledgerOf(around, domain);
  return ledger && spentInLedger(ledger);
}
