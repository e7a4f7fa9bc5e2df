import type { DomainConfig } from "../config/config.ts";
import { takesUploads } from "../config/places.ts";
import { shortToken } from "../http/http-event.ts";
import type { UploadWitness } from "../http/upload-witness.ts";
import { LedgerAwayError } from "../ledger/errors.ts";
import type { Ledger, LedgerFile, Limits } from "../ledger/ledger.ts";
import { askStores } from "../ops/ask-stores.ts";
import type { Watchers } from "../ops/events.ts";
import { FirstLooks } from "../ops/first-looks.ts";
import { watchRecords } from "../ops/record-events.ts";
import { type Repeated, repeat } from "../ops/repeat.ts";
import { sweep } from "../ops/sweep.ts";
import type { UnseenUploads } from "../ops/unseen-uploads.ts";
import { watchLedger } from "../ops/watch-ledger.ts";
import type { Refusal } from "../slot/refusal.ts";
import type { SlotRecord } from "../slots.ts";
import type { Inventory } from "../store/inventory.ts";
import type { ObjectMeta } from "../store/object-store.ts";
import { lastUploadOf } from "./last-upload.ts";
import { ledgerLimits, ledgerLimitsOf } from "./ledger-limits.ts";
import { present } from "./present.ts";

/** A served domain that is written down, and where its files are. */
export interface RecordedDomain {
  readonly config: DomainConfig;
  readonly inventory: Inventory;
}

export interface RecordDeps {
  readonly watchers: Watchers;
  readonly now: () => Date;
}

/** How often the stores are asked about reservations, looked at, and swept; milliseconds after the last time has ended. */
const intervals = { asking: 2_000, looking: 1_000, sweeping: 5_000 };

/** Between two batches the sweep rests this many times as long as the last one took. */
const restFactor = 4;

/** Keeps one ledger true: settles reservations, sweeps, and is told of uploads. */
export class RecordKeeper {
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
    this.ledger = watchLedger(ledger, deps.watchers);
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

  /** Ends the work after the batch under way, and closes the ledger. */
  async stop(): Promise<void> {
    await Promise.all([this.#asking?.stop(), this.#looking?.stop(), this.#sweeping?.stop()]);
    await this.ledger.close();
  }

  /** How a domain's slots are written down. */
  recordOf(config: DomainConfig): SlotRecord {
    return {
      ledger: this.ledger,
      domain: config.domain,
      limits: (requester, purpose) => ledgerLimits(config, requester, purpose),
      gaveWay: () => this.#sweeping?.nudge(),
      ...(takesUploads(config)
        ? {}
        : { given: (object) => this.#firstLooks.add({ ...object, domain: config.domain }) }),
    };
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

  /**
   * Writes down that an object is stored. "unknown": it is not one of this ledger's.
   *
   * @returns a refusal when it may not stay; it was removed then.
   */
  async stored({ token, size }: ObjectMeta): Promise<Refusal | "unknown" | undefined> {
    try {
      const completion = await this.ledger.complete(token, size, (file) => this.#limitsOf(file));
      if (completion === "unknown") return "unknown";
      if (completion === "complete") return undefined;
      const file = await this.ledger.find(token);
      if (file !== undefined) await this.#domains.get(file.domain)?.inventory.remove([file]);
    } catch (error) {
      // The bytes are safe. The store is asked about them later.
      this.#noteFailure(error);
      return undefined;
    }
    this.#tell.refusedLate(shortToken(token));
    return lateRefusal;
  }

  /** A file that this ledger does not know was stored. */
  noteUnknown(token: string): void {
    this.#tell.unknown(shortToken(token));
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const asked = await askStores({
      ...{ ledger: this.ledger, inventories: this.#inventories(), now: this.#deps.now, signal },
      limits: (file) => this.#limitsOf(file),
      isUnderWay: (token) => this.#underWay.has(token),
      lastUpload: this.#unseen.last,
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
        unseen: this.#unseen,
        signal,
      },
      rest: (took) => pause(took * restFactor, signal),
    });
    this.#tell.swept(swept);
  }

  get #unseen(): UnseenUploads {
    const last: UnseenUploads["last"] = (file) => {
      const config = this.#domains.get(file.domain)?.config;
      return config && lastUploadOf(config, file);
    };
    return { now: this.#deps.now, last };
  }

  #inventories(): ReadonlyMap<string, Inventory> {
    return new Map([...this.#domains].map(([domain, { inventory }]) => [domain, inventory]));
  }

  #limitsOf(file: LedgerFile): Limits {
    return ledgerLimitsOf(present(this.#domains.get(file.domain)).config, file);
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

/** Tells these keepers of uploads; undefined when there are none. */
export function witnessOf(keepers: readonly RecordKeeper[]): UploadWitness | undefined {
  const [first] = keepers;
  if (first === undefined) return undefined;
  return {
    begin(token) {
      const ends = keepers.map((keeper) => keeper.begin(token));
      return () => {
        for (const end of ends) end();
      };
    },
    async stored(object) {
      for (const keeper of keepers) {
        const outcome = await keeper.stored(object);
        if (outcome !== "unknown") return outcome;
      }
      first.noteUnknown(object.token);
      return undefined;
    },
  };
}

const lateRefusal: Refusal = {
  kind: "over-quota",
  text: "The slot was given up before the file was there, and there is no room for it any more. Nothing was kept. Request a new slot.",
  retryAt: undefined,
};

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
