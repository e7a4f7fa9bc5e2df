import type { Ledger } from "../ledger/ledger.ts";
import type { Watchers } from "./events.ts";

/** What each call is for, in the words of the documents: the values of the label `operation`. */
const operations = {
  ...{
    reserve: "reserve",
    complete: "complete",
    release: "release",
    abandon: "abandon",
    postpone: "postpone",
  },
  ...{ confirm: "check-size", toAsk: "list-due", expire: "expire", expired: "list-expired" },
  ...{
    pendingDeletion: "list-pending-deletion",
    markForDeletion: "delete",
    forget: "forget",
    adopt: "adopt",
  },
  ...{ find: "find-file", files: "list-files", filesOf: "list-files", usage: "usage", sums: "usage" },
  ...{ storeIds: "store-identity", setStoreId: "store-identity", sample: "store-identity" },
  ...{ isSpent: "spent-addresses", addSpent: "spent-addresses", secretGeneration: "spent-addresses" },
  ...{ audit: "audit", repair: "repair", prune: "prune", isReachable: "ready-check", close: "close" },
} as const satisfies Record<keyof Ledger, string>;

/** The same ledger, whose calls are timed and whose failures are counted, each by what it is for. */
export function watchLedger(
  ledger: Ledger,
  { metrics, monotonic }: Pick<Watchers, "metrics" | "monotonic">,
): Ledger {
  metrics.count("ledgerErrors", { operation: "reserve" }, 0);
  const timed = async (operation: string, call: () => unknown): Promise<unknown> => {
    const begun = monotonic();
    try {
      return await call();
    } catch (error) {
      metrics.count("ledgerErrors", { operation });
      throw error;
    } finally {
      metrics.observe("ledgerSeconds", { operation }, (monotonic() - begun) / 1000);
    }
  };
  return new Proxy(ledger, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function" || !isOperation(name)) return method;
      return (...values: unknown[]) => timed(operations[name], () => method.apply(target, values));
    },
  });
}

function isOperation(name: string | symbol): name is keyof Ledger {
  return Object.hasOwn(operations, name);
}
