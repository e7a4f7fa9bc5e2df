import type { Ledger, LedgerFile, Limits } from "../ledger/ledger.ts";
import type { Bytes } from "../slot/slot.ts";
import { longestArrival } from "../slot/upload-life.ts";
import type { Inventory } from "../store/inventory.ts";
import { inParallel } from "./in-parallel.ts";
import type { Failure } from "./sweep.ts";

export interface AskDeps {
  readonly ledger: Pick<
    Ledger,
    "toAsk" | "complete" | "confirm" | "markForDeletion" | "abandon" | "postpone"
  >;
  /** Where the files of each served domain are; other domains are not asked about. */
  readonly inventories: ReadonlyMap<string, Inventory>;
  /** The limits that a file which comes late has to keep to. */
  readonly limits: (file: LedgerFile) => Limits;
  /** Whether its upload to this slotd is under way. */
  readonly isUnderWay: (token: string) => boolean;
  /** When the last upload to a file can end that slotd does not see; always undefined when absent. */
  readonly lastUpload?: (file: LedgerFile) => Date | undefined;
  /** Is told of a file that is larger than its slot, and marked for deletion. */
  readonly onOversized?: (file: LedgerFile, size: Bytes) => void;
  readonly now: () => Date;
  /** Questions to stores at the same time; 8 when absent. */
  readonly concurrency?: number;
  /** How many files are asked about in one go; 200 when absent. */
  readonly batch?: number;
  /** Ends the work after the batch that is under way. */
  readonly signal?: AbortSignal;
}

/** What came of asking. */
export interface Asked {
  readonly complete: number;
  /** Their bytes are not there. */
  readonly abandoned: number;
  /** Their bytes came late and found no room: they are marked for deletion. */
  readonly over: number;
  /** Larger than their slots: they are marked for deletion. */
  readonly oversized: number;
  readonly underWay: number;
  readonly failed: readonly Failure[];
}

/** When to ask again about an upload under way; milliseconds. */
const askAgain = 60_000;

/**
 * When to ask again a store that did not answer: after an eighth of what the slot is old, so that one which never
 * answers for a file costs few requests; milliseconds.
 */
const askAgainAtMost = 3_600_000;
const ageOfPause = 8;

/**
 * Asks the stores about the reservations whose PUT URL has expired. What is there becomes complete; what is not
 * is abandoned: its space is given back, and the store is asked once more a day later, for uploads that took long. A
 * complete file that an upload unseen may replace is asked about once more when that is over.
 *
 * What is larger than its slot is marked for deletion, in whatever way it came; what is smaller counts as what it is.
 * So a slot costs two requests to its store at most, beside those that fail.
 *
 * Two that ask at once do the same twice, and it counts once.
 *
 * @throws {LedgerAwayError}; what was not written down is asked about again.
 */
export async function askStores(deps: AskDeps): Promise<Asked> {
  const { concurrency = 8, batch = 200 } = deps;
  const outcomes: Outcome[] = [];
  for (;;) {
    const files = await deps.ledger.toAsk([...deps.inventories.keys()], batch);
    await inParallel(files, concurrency, async (file) => {
      outcomes.push(await settle(file, deps));
    });
    if (files.length < batch || deps.signal?.aborted) return summarize(outcomes);
  }
}

type Outcome =
  | { readonly kind: "complete" | "abandoned" | "over" | "oversized" | "underWay" }
  | { readonly kind: "failed"; readonly domain: string; readonly reason: string };

async function settle(file: LedgerFile, deps: AskDeps): Promise<Outcome> {
  const { ledger, now } = deps;
  const { token, domain } = file;
  let size: Bytes | undefined;
  try {
    size = await deps.inventories.get(domain)?.sizeOf(file);
  } catch (error) {
    const pause = (now().getTime() - file.reserved.getTime()) / ageOfPause;
    const wait = Math.min(Math.max(pause, askAgain), askAgainAtMost);
    await ledger.postpone(token, new Date(now().getTime() + wait));
    return { kind: "failed", domain, reason: error instanceof Error ? error.message : String(error) };
  }
  if (size !== undefined && size > file.size) {
    const [marked] = await ledger.markForDeletion([token]);
    if (marked !== undefined) deps.onOversized?.(marked, size);
    return { kind: "oversized" };
  }
  if (file.state === "complete") {
    await ledger.confirm(token, size);
    return { kind: "complete" };
  }
  if (size !== undefined) {
    const completion = await ledger.complete(token, size, deps.limits, {
      askAgain: later(deps.lastUpload?.(file), now()),
    });
    return { kind: completion === "over" ? "over" : "complete" };
  }
  return settleAbsent(file, deps);
}

async function settleAbsent({ token, state }: LedgerFile, deps: AskDeps): Promise<Outcome> {
  const { ledger, now, isUnderWay } = deps;
  if (isUnderWay(token)) {
    await ledger.postpone(token, new Date(now().getTime() + askAgain));
    return { kind: "underWay" };
  }
  await ledger.abandon(
    token,
    state === "reserved" ? new Date(now().getTime() + longestArrival * 1000) : undefined,
  );
  return { kind: "abandoned" };
}

function later(time: Date | undefined, now: Date): Date | undefined {
  return time !== undefined && time > now ? time : undefined;
}

function summarize(outcomes: readonly Outcome[]): Asked {
  const count = (kind: Outcome["kind"]) => outcomes.filter((outcome) => outcome.kind === kind).length;
  const failures = outcomes.filter((outcome) => outcome.kind === "failed");
  const failed = [...Map.groupBy(failures, ({ domain }) => domain)].map(([domain, some]) => ({
    ...{ domain, files: some.length },
    reason: some[0]?.reason ?? "",
  }));
  return {
    ...{ complete: count("complete"), abandoned: count("abandoned") },
    ...{ over: count("over"), oversized: count("oversized"), underWay: count("underWay"), failed },
  };
}
