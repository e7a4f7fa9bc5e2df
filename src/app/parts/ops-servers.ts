import { formatAddress, type ListenAddress } from "../../config/values.ts";
import { DiskGauges } from "../../ops/gauges/disk-gauges.ts";
import { gaugeLedgers } from "../../ops/gauges/ledger-gauges.ts";
import { type OpsServer, startOpsServer } from "../../ops/ops-server.ts";
import { gaugedDisks, gaugedLedgers } from "../gauged.ts";
import { forOption } from "../option-error.ts";
import { type PartDeps, part } from "../part.ts";
import { readyChecks } from "../ready-checks.ts";
import { components } from "./components.ts";
import { ledgers } from "./ledgers.ts";
import { watchedStores } from "./watched-stores.ts";

/** Metrics and health. */
export const opsServers = part<OpsServer, ListenAddress>({
  isObserver: true,
  wanted({ config: { ops } }) {
    return new Map(ops.listen === undefined ? [] : [[JSON.stringify(ops.listen), ops.listen]]);
  },
  make(listen, { deps }) {
    const { metrics } = deps.watchers;
    const [checks, measure] = [() => checksFor(deps), measuring(deps)];
    return forOption("ops.listen", formatAddress(listen), () =>
      startOpsServer({ listen, metrics, checks, measure }),
    );
  },
  use: (server) => server.look(),
});

function measuring({ running, watchers: { metrics } }: PartDeps): () => Promise<void> {
  const disks = new DiskGauges();
  return async () => {
    await Promise.all([
      gaugeLedgers(gaugedLedgers(running), metrics),
      disks.look(gaugedDisks(running), metrics),
    ]);
  };
}

function checksFor({ running }: PartDeps) {
  return readyChecks(
    running.of(components),
    running.config?.domains ?? [],
    running.of(ledgers),
    running.of(watchedStores),
  );
}
