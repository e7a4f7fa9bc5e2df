import type { Bytes } from "../slot/slot.ts";

/**
 * Buffers of one size that are used again: making and freeing one of 128 KiB for each download costs more than
 * reading the file. Whoever takes one gives it back when nobody reads it any more, once; a buffer that is never
 * given back is only garbage.
 */
export class ReadBuffers {
  readonly size: Bytes;
  readonly #most: number;
  readonly #spare: Buffer[] = [];

  /** @param most how many are kept at most while nobody needs them. */
  constructor(size: Bytes, most: number) {
    this.size = size;
    this.#most = most;
  }

  take(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.size);
  }

  give(buffer: Buffer): void {
    if (this.#spare.length < this.#most) this.#spare.push(buffer);
  }
}
