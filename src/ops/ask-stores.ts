import type { Ledger, LedgerFile, Limits } from "../ledger/ledger.ts";
import type { Bytes } from "../slot/slot.ts";
import { longestArrival } from "../slot/upload-life.ts";
import type { Inventory } from "../store/inventory.ts";
import type { Failure } from "./sweep.ts";

export interface AskDeps {
  readonly ledger: Pick<Ledger, "toAsk" | "complete" | "lapse" | "postpone">;
  /** Where the files of each served domain are; other domains are not asked about. */
  readonly inventories: ReadonlyMap<string, Inventory>;
  /** The limits that a file which comes late has to keep to. */
  readonly limits: (file: LedgerFile) => Limits;
  /** Whether its upload to this slotd is under way. */
  readonly isUnderWay: (token: string) => boolean;
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
  readonly lapsed: number;
  /** Their bytes came late and found no room: they are doomed. */
  readonly over: number;
  readonly underWay: number;
  readonly failed: readonly Failure[];
}

/** Within this time an upload ends that began while its PUT URL was valid; milliseconds. */
const lastUploads = longestArrival * 1000;

/** When to ask again about an upload under way, and a store that did not answer; milliseconds. */
const askAgain = 60_000;

/**
 * Asks the stores about the reservations whose PUT URL has expired. What is there becomes complete; what is not
 * lapses: its space is given back, and the store is asked once more a day later, for uploads that took long.
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
    const queue = [...files];
    const work = async (): Promise<void> => {
      for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
        outcomes.push(await settle(file, deps));
      }
    };
    await Promise.all(Array.from({ length: concurrency }, work));
    if (files.length < batch || deps.signal?.aborted) return summarize(outcomes);
  }
}

type Outcome =
  | { readonly kind: "complete" | "lapsed" | "over" | "underWay" }
  | { readonly kind: "failed"; readonly domain: string; readonly reason: string };

async function settle(file: LedgerFile, deps: AskDeps): Promise<Outcome> {
  const { ledger, now } = deps;
  const { token, domain } = file;
  let size: Bytes | undefined;
  try {
    size = await deps.inventories.get(domain)?.sizeOf(file);
  } catch (error) {
    await ledger.postpone(token, new Date(now().getTime() + askAgain));
    return { kind: "failed", domain, reason: error instanceof Error ? error.message : String(error) };
  }
  if (size !== undefined) {
    const completion = await ledger.complete(token, size, deps.limits);
    return { kind: completion === "over" ? "over" : "complete" };
  }
  if (deps.isUnderWay(token)) {
    await ledger.postpone(token, new Date(now().getTime() + askAgain));
    return { kind: "underWay" };
  }
  await ledger.lapse(token, file.state === "reserved" ? new Date(now().getTime() + lastUploads) : undefined);
  return { kind: "lapsed" };
}

function summarize(outcomes: readonly Outcome[]): Asked {
  const count = (kind: Outcome["kind"]) => outcomes.filter((outcome) => outcome.kind === kind).length;
  const failures = outcomes.filter((outcome) => outcome.kind === "failed");
  const failed = [...Map.groupBy(failures, ({ domain }) => domain)].map(([domain, some]) => ({
    ...{ domain, files: some.length },
    reason: some[0]?.reason ?? "",
  }));
  return {
    ...{ complete: count("complete"), lapsed: count("lapsed") },
    ...{ over: count("over"), underWay: count("underWay"), failed },
  };
}
