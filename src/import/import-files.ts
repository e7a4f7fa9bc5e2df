import type { Ledger } from "../ledger/ledger.ts";
import type { Bytes, Seconds } from "../slot/slot.ts";
import type { SourceGone, SourceItem } from "../sources/source.ts";
import { tokenOf } from "./addressing.ts";
import { CopyFile, ImportStoppedError } from "./copy-file.ts";
import { type Copied, Entries, type ImportList } from "./enter-files.ts";
import type { ImportTarget, KnownDeletions } from "./import-target.ts";
import { Counts, type LeftReason, type Note, type Tally } from "./outcomes.ts";
import { type PlanSettings, planFile } from "./plan-file.ts";
import { type RateDeps, RateLimit } from "./rate-limit.ts";

/** Something to be told of one item of a source. */
export interface Remark {
  readonly what: LeftReason | Note;
  readonly place: string;
  readonly detail: string;
}

export interface ImportOptions extends PlanSettings {
  /** Files copied at the same time; 1 to 64. */
  readonly parallel: number;
  /** Bytes a second; undefined: no limit. */
  readonly maxRate: Bytes | undefined;
  /** Only says what would be done. */
  readonly isDryRun: boolean;
  /**
   * For so long after its slot was issued an upload to the former service may still come: a slot without a file is not
   * taken for gone. 0 when the service is stopped.
   */
  readonly uploadsMayTake: Seconds;
  /** Whether files that are there already are compared byte for byte. */
  readonly comparesContent: boolean;
}

/** What an import needs. */
export interface ImportDeps extends RateDeps {
  readonly target: ImportTarget;
  /** undefined: nothing is written down. */
  readonly ledger: Pick<Ledger, "find" | "adopt"> | undefined;
  /** undefined: what was deleted cannot be told from what is new. */
  readonly spent: KnownDeletions | undefined;
  readonly list: ImportList;
  /** Adds a line to the report. */
  readonly remark: (remark: Remark) => void;
  /** Called after each item, and while a large file is copied. */
  readonly onProgress: (tally: Tally, copied: Bytes) => void;
  readonly now: () => Date;
  /** Stops between two files. */
  readonly signal: AbortSignal;
}

/** How an import ended. */
export interface Imported {
  readonly tally: Tally;
  /** Whether the source was read to its end. */
  readonly isWhole: boolean;
  /** Why it ended early, in a sentence; undefined: it did not, or it was interrupted. */
  readonly stoppedBy: string | undefined;
}

/**
 * Copies the files of a source into a store, verified, and enters them into the ledger. It may be stopped, or killed, at
 * any moment and run again: it takes what is new. A file is taken as new until the ledger has it; where there is none,
 * until the store has it. The memory does not grow with the number of files.
 *
 * @throws what the source throws when it is none, and what the ledger throws when it is away for a minute.
 */
export async function importFiles(
  source: AsyncIterable<SourceItem>,
  options: ImportOptions,
  deps: ImportDeps,
): Promise<Imported> {
  const run = new Run(options, deps);
  try {
    for await (const item of source) {
      if (deps.signal.aborted || run.isStopped) break;
      await run.take(item);
    }
  } catch (error) {
    // What a source says to a signal is no failure.
    if (!deps.signal.aborted) {
      await run.end().catch(() => undefined);
      throw error;
    }
  }
  await run.end();
  return run.outcome();
}

/** Addresses that the former service has lost are written down in batches of this many. */
const goneBatch = 500;

class Run {
  readonly #options: ImportOptions;
  readonly #deps: ImportDeps;
  readonly #counts = new Counts();
  readonly #entries: Entries;
  readonly #copy: CopyFile;
  readonly #copying = new Map<string, Promise<void>>();
  /** Tells who waits that a copy has ended. */
  #onFree: (() => void) | undefined;
  #gone: string[] = [];
  #copied: Bytes = 0;
  #stoppedBy: string | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: ImportOptions, deps: ImportDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#entries = new Entries({
      ...deps,
      domain: options.domain,
      onEntered: (file) => this.#entered(file),
    });
    const rate = new RateLimit(options.maxRate, deps);
    const counted = {
      take: async (bytes: Bytes) => {
        await rate.take(bytes);
        this.#copied += bytes;
        deps.onProgress(this.#counts, this.#copied);
      },
    };
    this.#copy = new CopyFile(options, { ...deps, rate: counted });
  }

  get isStopped(): boolean {
    return this.#stoppedBy !== undefined || this.#failure !== undefined;
  }

  /** Begins with an item; resolves when there is a place for the next one. */
  async take(item: SourceItem): Promise<void> {
    const { parallel } = this.#options;
    this.#counts.looked += 1;
    this.#deps.onProgress(this.#counts, this.#copied);
    if (item.kind === "skip") return this.#leave(item.reason, item.place, item.detail ?? "");
    if (item.kind === "gone") return this.#noteGone(item);
    const planned = planFile(item, this.#options, this.#deps.now());
    if ("left" in planned) return this.#leave(planned.left, item.place, planned.detail);
    // Two files for one URL are looked at one after the other.
    const { token } = planned;
    await this.#copying.get(token);
    const copying = this.#copyOne(planned).finally(() => {
      this.#copying.delete(token);
      this.#onFree?.();
    });
    this.#copying.set(token, copying);
    if (this.#copying.size < parallel) return;
    await new Promise<void>((resolve) => {
      this.#onFree = resolve;
    });
  }

  /** Ends what was begun, and enters it. */
  async end(): Promise<void> {
    await Promise.all(this.#copying.values());
    await this.#entries.settled();
    await this.#deps.list.written();
    await this.#spendGone();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  outcome(): Imported {
    const isWhole = !this.#deps.signal.aborted && this.#stoppedBy === undefined;
    return { tally: this.#counts, isWhole, stoppedBy: this.#stoppedBy };
  }

  /** Never rejects: what goes wrong ends the run, or is said in the report. */
  async #copyOne(planned: Parameters<CopyFile["copy"]>[0]): Promise<void> {
    const { place } = planned.file;
    try {
      const outcome = await this.#copy.copy(planned);
      switch (outcome.is) {
        case "left":
          return this.#leave(outcome.reason, place, outcome.detail);
        case "present":
          this.#counts.find(planned.file.size);
          if (!this.#options.isDryRun) this.#deps.list.add({ planned, stored: outcome.stored });
          return;
        case "copied":
          if (this.#options.isDryRun) return this.#entered({ planned, stored: undefined });
          return await this.#entries.add({ planned, stored: outcome.stored });
      }
    } catch (error) {
      if (error instanceof ImportStoppedError) this.#stoppedBy ??= error.message;
      else this.#failure ??= { error };
    }
  }

  #entered({ planned, stored }: Copied): void {
    const { file, notes } = planned;
    this.#counts.take(stored?.size ?? file.size, notes);
    for (const what of notes) if (isTold(what)) this.#deps.remark({ what, place: file.place, detail: "" });
    this.#deps.onProgress(this.#counts, this.#copied);
  }

  #leave(reason: LeftReason, place: string, detail: string): void {
    this.#counts.leave(reason);
    this.#deps.remark({ what: reason, place, detail });
  }

  async #noteGone({ address, place, issued }: SourceGone): Promise<void> {
    const { now } = this.#deps;
    const token = tokenOf(address, this.#options.addressing);
    const mayStillCome =
      issued !== undefined && now().getTime() - issued.getTime() < this.#options.uploadsMayTake * 1000;
    if (token === undefined || mayStillCome) {
      return this.#leave("metadata-without-file", place, mayStillCome ? "its upload may still come" : "");
    }
    this.#counts.gone += 1;
    this.#deps.remark({
      what: "metadata-without-file",
      place,
      detail: "the former service knew that it is gone",
    });
    this.#gone.push(token);
    if (this.#gone.length >= goneBatch) await this.#spendGone();
  }

  async #spendGone(): Promise<void> {
    const tokens = this.#gone;
    this.#gone = [];
    if (tokens.length > 0 && !this.#options.isDryRun) await this.#deps.spent?.add(tokens);
  }
}

/** What is true of nearly all files of some sources is only counted. */
function isTold(note: Note): boolean {
  return note === "name-altered" || note === "name-changed";
}
