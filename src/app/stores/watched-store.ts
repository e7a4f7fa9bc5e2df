import { otherStoreHelp } from "../../admin/open-domains.ts";
import type { StoreGuard } from "../../admin/store-guard.ts";
import type { StoreMatch } from "../../admin/store-match.ts";
import { LedgerAwayError } from "../../ledger/errors.ts";
import type { Logger } from "../../ops/log.ts";
import { type Repeated, repeat } from "../../ops/repeat.ts";
import type { Refusal } from "../../slot/refusal.ts";
import type { Stoppable } from "../part.ts";

/** From one look at a store to the next; milliseconds. */
export interface LookIntervals {
  /** While it has the identity that the ledger knows. */
  readonly same: number;
  /** While it is another one. */
  readonly other: number;
}

export interface WatchedStoreOptions {
  /** The folder, or the bucket and its host; not a URL, which may stand in no line of the log. */
  readonly name: string;
  readonly intervals: LookIntervals;
  /** Is called when it is the right one again, before it is used: what slotd has read there may be of another one. */
  readonly onBack?: () => Promise<void>;
  /** Whether slotd may still serve what is there; absent: always. */
  readonly isOwn?: () => Promise<boolean>;
}

const takenProblem = "Another slotd uses the volume that is mounted now; stop one of the two.";

/** Looks at a store now and then, and tells when it is not the one that the ledger knows and when it is back. */
export class WatchedStore implements Stoppable {
  readonly guard: StoreGuard;
  readonly name: string;
  readonly #options: WatchedStoreOptions;
  readonly #log: Logger;
  #isOwn = true;
  /** From when it was another one until it is the right one and `onBack` is done. */
  #isAway = false;
  /** What was told last: a problem, or "" for none. */
  #told: string | undefined;
  #toldMatch: StoreMatch | undefined;
  #failure = "";
  #looking: Repeated | undefined;
  #isStarted = false;

  constructor(guard: StoreGuard, options: WatchedStoreOptions, log: Logger) {
    this.guard = guard;
    this.name = options.name;
    this.#options = options;
    this.#log = log;
  }

  /** The first look, which changes nothing. Never throws: what cannot be asked is looked at again. */
  async open(): Promise<void> {
    await this.guard.look().catch((error: unknown) => this.#noteFailure(error));
    this.#isAway = this.guard.domains.every((domain) => !this.guard.mayStore(domain));
  }

  /** Whether its settings are in force, and not only prepared. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  /** From now on it is looked at by itself, and its identity is written where it has none. */
  start(): void {
    const { same, other } = this.#options.intervals;
    this.#isStarted = true;
    this.#looking ??= repeat(
      () => (this.problem === undefined ? same : other),
      () => this.#look(),
    );
  }

  async stop(): Promise<void> {
    await this.#looking?.stop();
  }

  /** What is wrong with it for one of its domains; undefined when nothing is. */
  get problem(): string | undefined {
    if (!this.#isOwn) return takenProblem;
    const [first] = this.guard.domains.flatMap((domain) => this.guard.problem(domain) ?? []);
    return (
      first ??
      (this.#isAway ? "The store is back, and slotd cannot use it yet; the log has the reason." : undefined)
    );
  }

  /** Why no slot is given for a domain. */
  refusal(domain: string): Refusal | undefined {
    return this.#isOwn && !this.#isAway && this.guard.mayStore(domain) ? undefined : awayRefusal;
  }

  /** Whether anything may be removed and forgotten for a domain. */
  mayForget(domain: string): boolean {
    return this.#isOwn && !this.#isAway && this.guard.mayForget(domain);
  }

  async #look(): Promise<void> {
    try {
      await this.guard.look();
      this.#isOwn = !this.guard.isRight || ((await this.#options.isOwn?.()) ?? true);
      if (!this.guard.isRight) this.#isAway = true;
      else if (this.#isAway && this.#isOwn) {
        await this.#options.onBack?.();
        this.#isAway = false;
      }
      this.#failure = "";
      this.#tell();
    } catch (error) {
      this.#noteFailure(error);
    }
  }

  #tell(): void {
    const log = this.#log;
    const store = this.name;
    this.#tellRecognised();
    const problem = this.problem ?? "";
    if (problem === this.#told) return;
    if (problem !== "") {
      const held = "Until then slotd accepts no uploads, and deletes and forgets nothing.";
      log.error({ store }, `${problem} ${this.#isOwn ? `${otherStoreHelp} ` : ""}${held}`);
    } else if (this.#told !== undefined) log.info({ store }, "The store matches the ledger again.");
    else this.#tellFirst();
    this.#told = problem;
  }

  /** Each time that an identity was written because of what else is in the store. */
  #tellRecognised(): void {
    const { match } = this.guard;
    if (match === this.#toldMatch) return;
    this.#toldMatch = match;
    if (match === undefined || ![...match.verdicts.values()].includes("recognised")) return;
    const { looked, there } = match.sample;
    this.#log.info(
      { store: this.name, looked, there },
      "slotd recognised the store by files that the ledger has, and wrote an identity into it.",
    );
  }

  #tellFirst(): void {
    if (this.guard.identity !== undefined) return;
    this.#log.warn(
      { store: this.name },
      "slotd can neither read nor write the identity of the store, so it may not detect a wrong store. The key of a bucket needs s3:GetObject and s3:PutObject for slotd-store-identity.json.",
    );
  }

  /** Told once for each reason; where the ledger is away it is told elsewhere. */
  #noteFailure(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    if (error instanceof LedgerAwayError || text === this.#failure) return;
    this.#failure = text;
    this.#log.warn(
      { store: this.name },
      `slotd cannot read the identity of the store, and will try again. ${text}`,
    );
  }
}

/** For users: what is wrong is in the operator's log. */
const awayRefusal: Refusal = {
  kind: "unavailable",
  text: "The storage of the service is unavailable at present. The server kept nothing; try again later.",
};
