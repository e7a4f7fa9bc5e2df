import type { DomainConfig } from "../../config/config.ts";
import { takesUploads } from "../../config/places.ts";
import { shortToken } from "../../http/http-event.ts";
import type { UploadObserver } from "../../http/upload-observer.ts";
import { LedgerAwayError } from "../../ledger/errors.ts";
import { type Completion, type Ledger, type LedgerFile, type Limits, noLimits } from "../../ledger/ledger.ts";
import { askStores } from "../../ops/ask-stores.ts";
import type { Watchers } from "../../ops/events.ts";
import { FirstLooks } from "../../ops/first-looks.ts";
import { watchRecords } from "../../ops/record-events.ts";
import { type Repeated, repeat } from "../../ops/repeat.ts";
import { sweep } from "../../ops/sweep.ts";
import type { Refusal } from "../../slot/refusal.ts";
import type { Seconds } from "../../slot/slot.ts";
import { nextRemoval } from "../../slot/upload-life.ts";
import type { SlotRecord } from "../../slots.ts";
import type { Inventory, ObjectName } from "../../store/inventory.ts";
import type { ObjectMeta } from "../../store/object-store.ts";
import { ledgerLimits, ledgerLimitsOf } from "./ledger-limits.ts";
import { lastUnseenUpload } from "./unseen-upload.ts";

/** A served domain that is written down, and where its files are. */
export interface RecordedDomain {
  readonly config: DomainConfig;
  readonly inventory: Inventory;
  /** Whether its store is the right one at present: if not, nothing is asked of it, removed or forgotten. */
  readonly mayForget: () => boolean;
}

export interface RecordDeps {
  readonly watchers: Watchers;
  readonly now: () => Date;
}

/** No PUT URL is valid for longer, whatever the domain that it was given for said: SigV4's bound. */
const longestValidity: Seconds = 604_800;

/**
 * How often the stores are asked about reservations, looked at, and swept; milliseconds after the last time has ended.
 */
const intervals = { asking: 2_000, looking: 1_000, sweeping: 5_000 };

/** Between two batches the sweep rests this many times as long as the last one took. */
const restFactor = 4;

/** Keeps one ledger true: settles reservations, sweeps, and is told of uploads. */
export class LedgerWorker {
  readonly ledger: Ledger;
  readonly #deps: RecordDeps;
  readonly #tell: ReturnType<typeof watchRecords>;
  readonly #underWay = new Map<string, number>();
  #domains: ReadonlyMap<string, RecordedDomain> = new Map();
  readonly #firstLooks: FirstLooks;
  #asking: Repeated | undefined;
  #looking: Repeated | undefined;
  #sweeping: Repeated | undefined;

  constructor(ledger: Ledger, deps: RecordDeps) {
    this.ledger = ledger;
    this.#deps = deps;
    this.#tell = watchRecords(deps.watchers);
    this.#firstLooks = new FirstLooks({
      ...{ ledger: this.ledger, inventories: () => this.#inventories(), now: deps.now },
      onOversized: this.#tell.oversized,
    });
  }

  /** Goes by these domains from now on; the first time it starts the work. */
  use(domains: readonly RecordedDomain[]): void {
    this.#domains = new Map(domains.map((domain) => [domain.config.domain, domain]));
    this.#asking ??= repeat(intervals.asking, (signal) => this.#try(() => this.#ask(signal)));
    this.#looking ??= repeat(intervals.looking, (signal) => this.#look(signal));
    this.#sweeping ??= repeat(intervals.sweeping, (signal) => this.#try(() => this.#sweep(signal)));
  }

  /** Ends the work after the batch under way. */
  async stop(): Promise<void> {
    await Promise.all([this.#asking?.stop(), this.#looking?.stop(), this.#sweeping?.stop()]);
  }

  /** How a domain's slots are written down. */
  recordOf(config: DomainConfig): SlotRecord {
    return {
      ledger: this.ledger,
      domain: config.domain,
      limits: (requester, purpose) => ledgerLimits(config, requester, purpose),
      evicted: () => this.#sweeping?.nudge(),
      ...(takesUploads(config)
        ? {}
        : { given: (object) => this.#firstLooks.add({ ...object, domain: config.domain }) }),
    };
  }

  /** The domains that it goes by. */
  get configs(): readonly DomainConfig[] {
    return [...this.#domains.values()].map(({ config }) => config);
  }

  /** Whether it knows where the files of this domain are. */
  serves(domain: string): boolean {
    return this.#domains.has(domain);
  }

  /** Where the files of this domain are. */
  inventoryOf(domain: string): Inventory | undefined {
    return this.#domains.get(domain)?.inventory;
  }

  /** Whether not more than one upload of this object is under way. */
  isAlone(token: string): boolean {
    return (this.#underWay.get(token) ?? 0) <= 1;
  }

  /** Notes that an upload is under way; what it gives is called when it is over. */
  begin(token: string): () => void {
    this.#underWay.set(token, (this.#underWay.get(token) ?? 0) + 1);
    return () => {
      const others = (this.#underWay.get(token) ?? 1) - 1;
      if (others === 0) this.#underWay.delete(token);
      else this.#underWay.set(token, others);
    };
  }

  /** Writes down that an object is stored; must not throw. An object that may not stay is removed. */
  async stored({ token, size }: ObjectMeta): Promise<StoredOutcome> {
    try {
      const completion = await this.ledger.complete(token, size, (file) => this.#limitsOf(file), {
        evicted: () => this.#sweeping?.nudge(),
      });
      if (completion === "unknown" || completion === "complete") return completion;
      const file = await this.ledger.find(token);
      if (file === undefined) return "unknown";
      await this.#removeAtOnce(file);
      this.#tell.refusedLate(shortToken(token));
      return completion;
    } catch (error) {
      // The bytes are safe. The store is asked about them later.
      this.#noteFailure(error);
      return "unsaid";
    }
  }

  /** A file that this ledger does not know was stored for a slot that stood in no ledger: it stays. */
  noteUnknown(token: string): void {
    this.#tell.unknown(shortToken(token));
  }

  /**
   * Removes what was stored for a slot that the ledger has forgotten, from the store of this domain; must not throw.
   * What the store does not let go now is entered as deleted, and so the sweep removes it.
   */
  async removeForgotten(object: ObjectMeta, domain: string): Promise<void> {
    const { token, filename, size, expiry } = object;
    try {
      if (!(await this.#isRemoved(object, domain))) {
        const about = { token, filename, size, expires: expiry, completed: this.#deps.now() };
        await this.ledger.adopt({ ...about, domain, jid: domain, purpose: "message" });
        await this.ledger.markForDeletion([token]);
      }
      this.#tell.refusedLate(shortToken(token));
    } catch (error) {
      this.#noteFailure(error);
    }
  }

  /** Removes a file whose deletion is pending; when the store does not let it go, the next sweep tries again. */
  async #removeAtOnce(file: LedgerFile): Promise<void> {
    const isRemoved = await this.#isRemoved(file, file.domain);
    if (!isRemoved) await this.ledger.postpone(file.token, this.#deps.now());
  }

  async #isRemoved(object: ObjectName, domain: string): Promise<boolean> {
    try {
      return (await this.#domains.get(domain)?.inventory.remove([object]))?.length === 0;
    } catch {
      return false;
    }
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const asked = await askStores({
      ...{ ledger: this.ledger, inventories: this.#inventories(), now: this.#deps.now, signal },
      limits: (file) => this.#limitsOf(file),
      isUnderWay: (token) => this.#underWay.has(token),
      lastUpload: (file) => lastUnseenUpload(file, this.#domains.get(file.domain)?.config),
      onOversized: this.#tell.oversized,
    });
    if (asked.oversized > 0) this.#sweeping?.nudge();
    this.#tell.asked(asked);
  }

  async #look(signal: AbortSignal): Promise<void> {
    try {
      await this.#firstLooks.look(signal);
    } catch (error) {
      this.#noteFailure(error);
    }
  }

  async #sweep(signal: AbortSignal): Promise<void> {
    const swept = await sweep({
      ...{
        ledger: this.ledger,
        inventories: this.#inventories(),
        monotonic: this.#deps.watchers.monotonic,
        signal,
      },
      nextRemoval: (file) => this.#nextRemoval(file),
      rest: (took) => pause(took * restFactor, signal),
    });
    this.#tell.swept(swept);
    if (!signal.aborted) await this.ledger.prune();
  }

  #inventories(): ReadonlyMap<string, Inventory> {
    const right = [...this.#domains].filter(([, { mayForget }]) => mayForget());
    return new Map(right.map(([domain, { inventory }]) => [domain, inventory]));
  }

  #limitsOf(file: LedgerFile): Limits {
    const domain = this.#domains.get(file.domain);
    // Its slot was given before the domain was taken out of the configuration.
    return domain === undefined ? noLimits : ledgerLimitsOf(domain.config, file);
  }

  #nextRemoval({ domain, reserved }: LedgerFile): Date | undefined {
    const expiresIn = this.#domains.get(domain)?.config.expirationTime ?? longestValidity;
    return nextRemoval({ reserved, expiresIn }, this.#deps.now());
  }

  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#tell.back();
    } catch (error) {
      this.#noteFailure(error);
    }
  }

  #noteFailure(error: unknown): void {
    if (error instanceof LedgerAwayError) this.#tell.away(error);
    else this.#tell.failed(error);
  }
}

/** What became of an object that was stored. "unsaid": the ledger could not be asked. */
export type StoredOutcome = Completion | "unsaid";

/**
 * Tells these workers of uploads; undefined when there are none.
 *
 * @param domains those whose uploads they are, and whose files are all in one place.
 */
export function observerOf(
  ledgerWorkers: readonly LedgerWorker[],
  domains: readonly string[],
): UploadObserver | undefined {
  const [first] = ledgerWorkers;
  if (first === undefined) return undefined;
  return {
    begin(token) {
      const ends = ledgerWorkers.map((worker) => worker.begin(token));
      return () => {
        for (const end of ends) end();
      };
    },
    async stored(object, isReserved) {
      let isUnsaid = false;
      for (const worker of ledgerWorkers) {
        const outcome = await worker.stored(object);
        if (outcome === "complete") return undefined;
        if (outcome === "over" || outcome === "pending-deletion") return lateRefusals[outcome];
        isUnsaid ||= outcome === "unsaid";
      }
      if (isUnsaid) return undefined;
      const places = ledgerWorkers.flatMap((worker) =>
        domains.flatMap((domain) => (worker.serves(domain) ? [{ worker, domain }] : [])),
      );
      if (!isReserved || places[0] === undefined) {
        first.noteUnknown(object.token);
        return undefined;
      }
      await places[0].worker.removeForgotten(object, places[0].domain);
      return lateRefusals["pending-deletion"];
    },
  };
}

const lateRefusals = {
  over: {
    kind: "over-quota",
    text: "The slot was given up before the file was there, and there is no room for it any more. Nothing was kept. Request a new slot.",
    retryAt: undefined,
  },
  "pending-deletion": {
    kind: "expired",
    text: "The slot was deleted before the file was there. Nothing was kept. Request a new slot.",
  },
} as const satisfies Record<string, Refusal>;

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end);
  });
}
