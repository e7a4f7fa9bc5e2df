import type { Ledger, LedgerFile } from "../ledger/ledger.ts";
import { PutError } from "../store/object-store.ts";
import type { ImportTarget, KnownDeletions } from "./import-target.ts";
import type { LeftReason } from "./outcomes.ts";
import type { PlannedFile } from "./plan-file.ts";
import {
  ChangedError,
  hashObject,
  hashSource,
  OtherContentError,
  type Pace,
  type StoredFile,
  storeFile,
  UnreadableError,
} from "./store-file.ts";

/** What became of one file. */
export type CopyOutcome =
  /** It is in the store, verified, and is to be entered. `stored` is undefined in a dry run. */
  | { readonly is: "copied"; readonly stored: StoredFile | undefined }
  /** It was there, and the ledger has it. `stored` is undefined where its content was not read. */
  | { readonly is: "present"; readonly stored: StoredFile | undefined }
  | { readonly is: "left"; readonly reason: LeftReason; readonly detail: string };

/** The store takes nothing more; the message says why. */
export class ImportStoppedError extends Error {
  readonly code = "import-stopped";
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "ImportStoppedError";
  }
}

export interface CopyOptions {
  readonly isDryRun: boolean;
  readonly comparesContent: boolean;
}

export interface CopyDeps {
  readonly target: ImportTarget;
  readonly ledger: Pick<Ledger, "find"> | undefined;
  readonly spent: Pick<KnownDeletions, "has"> | undefined;
  readonly rate: Pace;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Milliseconds before each further attempt at a store that failed. */
const pauses = [1_000, 4_000, 15_000];
/** After so many files in a row that it did not take, the store is taken to be away. */
const mostFailures = 5;

type Stored = NonNullable<Awaited<ReturnType<ImportTarget["finder"]["find"]>>>;

/** Decides what becomes of a planned file by what store and ledger have, and copies it if it is new. */
export class CopyFile {
  readonly #options: CopyOptions;
  readonly #deps: CopyDeps;
  #failuresInARow = 0;

  constructor(options: CopyOptions, deps: CopyDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** @throws {ImportStoppedError} and what the ledger throws. */
  async copy(planned: PlannedFile): Promise<CopyOutcome> {
    const { ledger, target, spent } = this.#deps;
    const { token, filename } = planned;
    const known = await ledger?.find(token);
    if (known?.state === "pending-deletion") return deletedSince;
    const stored = await this.#asking(() => target.finder.find({ token, filename }));
    // What a power failure has left of an import that was not entered yet.
    const isLeftover = stored?.damage !== undefined && ledger !== undefined && known === undefined;
    if (stored !== undefined && !isLeftover) return this.#compare(planned, stored, known);
    if (known === undefined && (await spent?.has(token)) === true) return deletedSince;
    if (this.#options.isDryRun) return { is: "copied", stored: undefined };
    if (isLeftover) await this.#asking(() => target.inventory.remove([{ token, filename }]));
    return this.#store(planned);
  }

  /** What is in the store already. Its content counts where the ledger does not have it: nobody has verified it yet. */
  async #compare(planned: PlannedFile, stored: Stored, known: LedgerFile | undefined): Promise<CopyOutcome> {
    const { ledger } = this.#deps;
    const { file, uploaded } = planned;
    if (stored.damage !== undefined) return left("failed", `what is stored is damaged: ${stored.damage}`);
    if (stored.size !== file.size)
      return left("same-url", `stored are ${stored.size} bytes, and here are ${file.size}`);
    const isWritten = known !== undefined || ledger === undefined;
    const isSameTime = Math.floor(stored.stored.getTime() / 1000) === uploaded.getTime() / 1000;
    if (this.#options.isDryRun) return { is: isWritten ? "present" : "copied", stored: undefined };
    if (isWritten && isSameTime && !this.#options.comparesContent) {
      return { is: "present", stored: undefined };
    }
    const mine = await this.#reading(() => hashSource(file));
    if ("is" in mine) return mine;
    const theirs = stored.sha256 ?? (await this.#hashStored(planned.token));
    if (theirs === undefined) return left("same-url", "the store cannot tell whether it is the same file");
    if (theirs !== mine.sha256) return left("same-url", "of the same size, and with other content");
    return { is: isWritten ? "present" : "copied", stored: mine };
  }

  async #hashStored(token: string): Promise<string | undefined> {
    const object = await this.#deps.target.open?.(token);
    return object === undefined ? undefined : hashObject(object);
  }

  async #store(planned: PlannedFile): Promise<CopyOutcome> {
    const { target, rate } = this.#deps;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const stored = await storeFile(planned, target, rate);
        this.#failuresInARow = 0;
        return { is: "copied", stored };
      } catch (error) {
        const outcome = outcomeOf(error);
        if (outcome === "exists") return this.#lookAgain(planned);
        if (outcome !== "again") return outcome;
        const pause = pauses[attempt];
        if (pause === undefined || this.#deps.signal.aborted) return this.#failed(error);
        await this.#deps.sleep(pause);
      }
    }
  }

  /** An upload to the same address was first, or an attempt of ours whose answer did not arrive. */
  async #lookAgain(planned: PlannedFile): Promise<CopyOutcome> {
    const { token, filename } = planned;
    const stored = await this.#asking(() => this.#deps.target.finder.find({ token, filename }));
    if (stored === undefined) return left("failed", "the store has a file there, and does not find it");
    const known = await this.#deps.ledger?.find(token);
    return this.#compare(planned, stored, known);
  }

  #failed(error: unknown): CopyOutcome {
    const why = error instanceof Error ? error.message : String(error);
    this.#failuresInARow += 1;
    if (this.#failuresInARow < mostFailures) return left("failed", why);
    throw new ImportStoppedError(`The store did not take ${mostFailures} files in a row: ${why}`, error);
  }

  /** @throws {ImportStoppedError} when the store cannot be asked. */
  async #asking<T>(ask: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await ask();
      } catch (error) {
        const pause = pauses[attempt];
        const why = error instanceof Error ? error.message : String(error);
        if (pause === undefined || this.#deps.signal.aborted)
          throw new ImportStoppedError(`The store cannot be asked: ${why}.`, error);
        await this.#deps.sleep(pause);
      }
    }
  }

  async #reading(
    read: () => Promise<StoredFile>,
  ): Promise<StoredFile | Extract<CopyOutcome, { is: "left" }>> {
    try {
      return await read();
    } catch (error) {
      if (error instanceof UnreadableError) return left("unreadable", error.message);
      throw error;
    }
  }
}

const deletedSince = left("deleted", "it was deleted in slotd, or has expired there");

function left(reason: LeftReason, detail: string): Extract<CopyOutcome, { readonly is: "left" }> {
  return { is: "left", reason, detail };
}

/**
 * What a failure to store a file means for it. @throws {ImportStoppedError} what it means for all; and what is no
 * failure of source or store.
 */
function outcomeOf(error: unknown): CopyOutcome | "again" | "exists" {
  if (error instanceof UnreadableError) return left("unreadable", error.message);
  if (error instanceof ChangedError) return left("changed", error.message);
  if (error instanceof OtherContentError) return left("failed", error.message);
  if (!(error instanceof PutError)) throw error;
  switch (error.code) {
    case "exists":
      return "exists";
    case "wrong-length":
      return left("changed", "its size changed while it was read");
    case "full":
    case "read-only":
      throw new ImportStoppedError(`The store takes no more files: ${error.message}`, error);
    case "upstream":
      return "again";
  }
}
