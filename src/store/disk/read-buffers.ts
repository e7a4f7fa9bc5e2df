import type { Bytes } from "../../slot/slot.ts";

/**
 * Buffers of one size that are used again: making and freeing one of 128 KiB for each download costs more than
 * reading the file. Whoever takes one gives it back when nobody reads it any more, once.
 */
export class ReadBuffers {
  readonly size: Bytes;
  readonly #most: number;
  readonly #mostOut: number;
  #out = 0;
  readonly #spare: Buffer[] = [];

  /**
   * @param most how many are kept at most while nobody needs them.
   * @param mostOut how many may be in use at once.
   */
  constructor(size: Bytes, most: number, mostOut: number) {
    this.size = size;
    this.#most = most;
    this.#mostOut = mostOut;
  }

  /** Undefined when as many as may be are in use. */
  take(): Buffer | undefined {
    if (this.#out >= this.#mostOut) return undefined;
    this.#out += 1;
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.size);
  }

  give(buffer: Buffer): void {
    this.#out -= 1;
    if (this.#spare.length < this.#most) this.#spare.push(buffer);
  }
}
