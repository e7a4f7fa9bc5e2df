/** What a `RateLimit` goes by. */
export interface RateLimitOptions {
  /** How many may be taken in a row. */
  readonly burst: number;
  /** How many come back in a second, up to the burst. */
  readonly perSecond: number;
  /** Of how many keys it is known what they took; those who came first are forgotten. */
  readonly keys: number;
}

interface Left {
  readonly left: number;
  /** When that was so, milliseconds. */
  readonly at: number;
}

/** A bucket of tokens for each key, in a memory that does not grow beyond `keys`. */
export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #monotonic: () => number;
  readonly #byKey = new Map<string, Left>();

  constructor(options: RateLimitOptions, monotonic: () => number) {
    this.#options = options;
    this.#monotonic = monotonic;
  }

  /** Takes one; false, and takes none, when there is none left. */
  take(key: string): boolean {
    const left = this.#left(key);
    this.#set(key, left < 1 ? left : left - 1);
    return left >= 1;
  }

  /** Gives one back that was taken. */
  giveBack(key: string): void {
    this.#set(key, Math.min(this.#options.burst, this.#left(key) + 1));
  }

  #left(key: string): number {
    const { burst, perSecond } = this.#options;
    const known = this.#byKey.get(key);
    if (known === undefined) return burst;
    return Math.min(burst, known.left + ((this.#monotonic() - known.at) / 1000) * perSecond);
  }

  #set(key: string, left: number): void {
    this.#byKey.delete(key);
    this.#byKey.set(key, { left, at: this.#monotonic() });
    for (const oldest of this.#byKey.keys()) {
      if (this.#byKey.size <= this.#options.keys) break;
      this.#byKey.delete(oldest);
    }
  }
}
