import type { Bytes } from "../slot/slot.ts";

export interface RateDeps {
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** Holds whoever reads to so many bytes a second together, and lets no pause be made up for. */
export class RateLimit {
  readonly #bytesPerSecond: Bytes | undefined;
  readonly #deps: RateDeps;
  /** When what was asked for so far has had its time. */
  #paidUntil = Number.NEGATIVE_INFINITY;

  /** @param bytesPerSecond undefined: no limit. */
  constructor(bytesPerSecond: Bytes | undefined, deps: RateDeps) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#deps = deps;
  }

  /** Resolves when these bytes may be passed on. */
  async take(bytes: Bytes): Promise<void> {
    if (this.#bytesPerSecond === undefined) return;
    const now = this.#deps.monotonic();
    const start = Math.max(now, this.#paidUntil);
    this.#paidUntil = start + (bytes / this.#bytesPerSecond) * 1000;
    if (start > now) await this.#deps.sleep(start - now);
  }
}
