import { LedgerAwayError } from "../ledger/errors.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Bytes } from "../slot/slot.ts";
import type { PlannedFile } from "./plan-file.ts";
import type { StoredFile } from "./store-file.ts";

/** A file of an import that is in the store. */
export interface Copied {
  readonly planned: PlannedFile;
  /** undefined: it was there before, and its content was not read. */
  readonly stored: StoredFile | undefined;
}

/** The list of old URLs, and the SHA-256 of what each is to answer. */
export interface ImportList {
  add(file: Copied): void;
  /** Resolves when what was added is in the file. */
  written(): Promise<void>;
}

export interface EnterDeps {
  /** undefined: files are written down nowhere. */
  readonly ledger: Pick<Ledger, "adopt"> | undefined;
  /** The served domain. */
  readonly domain: string;
  /** Has what was stored survive a power failure, before it is entered. */
  readonly flush?: (() => Promise<void>) | undefined;
  /** The list of old URLs, which has them before the ledger does: what a kill leaves out is done again. */
  readonly list: ImportList;
  /** Is told of each file that is in the store, in the list and in the ledger. */
  readonly onEntered: (file: Copied) => void;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
}

/** Files that share one commit: it takes some milliseconds, for which slots wait. */
const batchSize = 128;
/** Files that wait to be entered are so many at most; who brings more waits. One flush takes as long for all. */
const mostWaiting = 2_048;
/** When so much waits, it is entered: a flush of more would hold up others. */
const mostUnflushed: Bytes = 32 * 1024 * 1024;
/** Milliseconds after which a smaller batch is entered with the next file. */
const longestUnentered = 200;
/** Milliseconds from one attempt at a ledger that is busy or away to the next, and how many there are. */
const [pause, attempts] = [2_000, 30];

/**
 * Enters the files of an import into the list and the ledger, in batches, under the purpose "message" and whatever the
 * quotas: it evicts nothing. A batch ends when it is large enough, or when `settled` is waited for.
 */
export class Entries {
  readonly #deps: EnterDeps;
  #waiting: Copied[] = [];
  #waitingBytes: Bytes = 0;
  #enteredAt = Number.NEGATIVE_INFINITY;
  #entering: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(deps: EnterDeps) {
    this.#deps = deps;
  }

  /** Takes a file; resolves when the next one may come. @throws what entering an earlier one has thrown. */
  async add(file: Copied): Promise<void> {
    this.#waiting.push(file);
    this.#waitingBytes += file.stored?.size ?? 0;
    const isLate = this.#deps.monotonic() - this.#enteredAt > longestUnentered;
    const isMuch = this.#waiting.length >= mostWaiting || this.#waitingBytes >= mostUnflushed;
    if (isMuch || isLate) this.#start();
    while (this.#waiting.length >= mostWaiting && this.#failure === undefined) await this.#entering;
    this.#throwFailure();
  }

  /** Enters what still waits. @throws what entering has thrown. */
  async settled(): Promise<void> {
    while (this.#failure === undefined && (this.#waiting.length > 0 || this.#entering !== undefined)) {
      this.#start();
      await this.#entering;
    }
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #start(): void {
    if (this.#entering !== undefined || this.#failure !== undefined) return;
    this.#enteredAt = this.#deps.monotonic();
    this.#entering = this.#enterAll()
      .catch((error: unknown) => {
        this.#failure = { error };
      })
      .finally(() => {
        this.#entering = undefined;
      });
  }

  async #enterAll(): Promise<void> {
    const files = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    await this.#deps.flush?.();
    for (let at = 0; at < files.length; at += batchSize) {
      const batch = files.slice(at, at + batchSize);
      for (const file of batch) this.#deps.list.add(file);
      await this.#deps.list.written();
      await this.#adopt(batch);
      for (const file of batch) this.#deps.onEntered(file);
    }
  }

  async #adopt(batch: readonly Copied[]): Promise<void> {
    const { ledger, domain, sleep } = this.#deps;
    if (ledger === undefined) return;
    for (let left = attempts; ; left -= 1) {
      try {
        // What arrives together shares a commit.
        await Promise.all(batch.map((file) => ledger.adopt(rowOf(file, domain))));
        return;
      } catch (error) {
        if (!(error instanceof LedgerAwayError) || left <= 1) throw error;
        await sleep(pause);
      }
    }
  }
}

function rowOf({ planned, stored }: Copied, domain: string): Parameters<Ledger["adopt"]>[0] {
  const { token, jid, filename, file, uploaded, expiry } = planned;
  const size = stored?.size ?? file.size;
  return { token, domain, jid, purpose: "message", filename, size, completed: uploaded, expires: expiry };
}
