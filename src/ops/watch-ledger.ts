import type { Ledger } from "../ledger/ledger.ts";
import type { Watchers } from "./events.ts";

/** The same ledger, whose calls are timed and whose failures are counted, each under its method's name. */
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
      if (typeof method !== "function") return method;
      return (...values: unknown[]) => timed(String(name), () => method.apply(target, values));
    },
  });
}
