import { formatAddress, type ListenAddress } from "../../config/values.ts";
import { type OpsServer, startOpsServer } from "../../ops/ops-server.ts";
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
  make: (listen, { deps }) =>
    forOption("ops.listen", formatAddress(listen), () =>
      startOpsServer({ listen, metrics: deps.watchers.metrics, checks: () => checksFor(deps) }),
    ),
});

function checksFor({ running }: PartDeps) {
  return readyChecks(
    running.of(components),
    running.config?.domains ?? [],
    running.of(ledgers),
    running.of(watchedStores),
  );
}
