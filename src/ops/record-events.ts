import { shortToken } from "../http/http-event.ts";
import type { LedgerFile } from "../ledger/ledger.ts";
import type { Bytes } from "../slot/slot.ts";
import type { Asked } from "./ask-stores.ts";
import type { Watchers } from "./events.ts";
import type { Failure, Swept } from "./sweep.ts";

/**
 * Watches what becomes of the records: logs and counts what was swept and settled, and tells once when the ledger is
 * away and once when it is back.
 */
export function watchRecords({
  log,
  metrics,
  reference,
  checks,
}: Pick<Watchers, "log" | "metrics" | "reference" | "checks">) {
  let isAway = false;
  metrics.count("oversizedFiles", {}, 0);
  const failures = (failed: readonly Failure[], what: string): void => {
    for (const { domain, files, reason } of failed) log.warn({ domain, files, reason }, what);
  };
  return {
    away(error: Error): void {
      if (!isAway)
        log.error(
          `${error.message} slotd issues no slots until the database is available again, and keeps trying.`,
        );
      isAway = true;
    },
    back(): void {
      if (isAway) log.info("The ledger's database is available again.");
      isAway = false;
    },
    swept({ files, bytes, failed }: Swept): void {
      metrics.count("sweeps", { outcome: failed.length === 0 ? "done" : "failed" });
      metrics.count("sweepFiles", {}, files);
      metrics.count("sweepBytes", {}, bytes);
      if (files > 0) log.info({ files, bytes }, "Deleted expired files.");
      failures(failed, "slotd could not delete files from their store; it will try again.");
    },
    asked({ failed, ...counts }: Asked): void {
      const { complete, abandoned, over, oversized, underWay } = counts;
      const level = over > 0 ? "info" : "debug";
      if (complete + abandoned + over + oversized + underWay > 0) {
        log[level](counts, "Requested the files of expired slots from the stores.");
      }
      failures(failed, "slotd could not request files from a store; it will try again.");
    },
    /** A file is larger than its slot: something was put there in a way that its signed length does not hold. */
    oversized({ token, domain, jid, size: slotSize }: LedgerFile, size: Bytes): void {
      metrics.count("oversizedFiles", {});
      log.warn(
        { ref: reference(), domain, jid, object: shortToken(token), size, slotSize },
        "Removing a file that is larger than its slot. Run slotd check to see what the store accepts.",
      );
    },
    /** `object` is the beginning of its token. */
    refusedLate(object: string): void {
      log.info({ object }, "Removed an upload whose slot was abandoned or deleted before it was complete.");
    },
    unknown(object: string): void {
      log[checks?.has(object) ? "debug" : "info"](
        { object },
        "Stored a file that is not in the ledger; its slot was made with slotd slot, or long ago.",
      );
    },
    failed(error: unknown): void {
      log.error({ err: error }, "The ledger's periodic work failed; slotd will try again.");
    },
  };
}
