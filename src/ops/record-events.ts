import type { Asked } from "./ask-stores.ts";
import type { Watchers } from "./events.ts";
import type { Failure, Swept } from "./sweep.ts";

/**
 * Watches what becomes of the records: logs and counts what was swept and settled, and tells once when the ledger is
 * away and once when it is back.
 */
export function watchRecords({ log, metrics }: Pick<Watchers, "log" | "metrics">) {
  let isAway = false;
  const failures = (failed: readonly Failure[], what: string): void => {
    for (const { domain, files, reason } of failed) log.warn({ domain, files, reason }, what);
  };
  return {
    away(error: Error): void {
      if (!isAway) log.error(`${error.message} No slot can be given until it is back; slotd keeps trying.`);
      isAway = true;
    },
    back(): void {
      if (isAway) log.info("The ledger's database is back.");
      isAway = false;
    },
    swept({ files, bytes, failed }: Swept): void {
      metrics.count("sweeps", { outcome: failed.length === 0 ? "done" : "failed" });
      metrics.count("sweepFiles", {}, files);
      metrics.count("sweepBytes", {}, bytes);
      if (files > 0) log.info({ files, bytes }, "Removed files whose time was over.");
      failures(failed, "Files could not be removed from their store; trying again.");
    },
    asked({ complete, lapsed, over, underWay, failed }: Asked): void {
      const level = over > 0 ? "info" : "debug";
      if (complete + lapsed + over + underWay > 0) {
        log[level](
          { complete, lapsed, over, underWay },
          "Looked for the files of slots whose time was over.",
        );
      }
      failures(failed, "A store could not be asked for files; trying again.");
    },
    /** `object` is the beginning of its token. */
    refusedLate(object: string): void {
      log.info({ object }, "Removed an upload that came when its slot was given up.");
    },
    unknown(object: string): void {
      log.info(
        { object },
        "Stored a file that is not in the ledger; its slot was made by hand, or long ago.",
      );
    },
    failed(error: unknown): void {
      log.error({ err: error }, "The ledger could not be looked after; trying again.");
    },
  };
}
