import type { GaugedDisk } from "../ops/gauges/disk-gauges.ts";
import type { GaugedLedger } from "../ops/gauges/ledger-gauges.ts";
import { sharedLimits } from "./ledgers/ledger-limits.ts";
import type { Running } from "./part.ts";
import { ledgerWorkers } from "./parts/ledger-workers.ts";

/** Each ledger that runs, with its domains. */
export function gaugedLedgers(running: Running): GaugedLedger[] {
  return running.of(ledgerWorkers).map(({ ledger, configs }) => ({
    ledger,
    domains: configs.map((config) => ({ name: config.domain, ...sharedLimits(config) })),
  }));
}

/** Each folder in which domains have their files, by the path of the configuration. */
export function gaugedDisks({ config }: Running): GaugedDisk[] {
  if (config === undefined) return [];
  const onDisk = config.domains.filter(({ backend }) => backend === "disk");
  const paths = new Set(onDisk.map(({ disk }) => disk.path));
  return [...paths].map((path) => ({ path, reserve: config.disk.reserve ?? 0 }));
}
