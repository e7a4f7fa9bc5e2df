const CHUNK_BITS = 16;
const CHUNK = 1 << CHUNK_BITS;
const SEPARATOR = 0;

/**
 * The names of the elements that are open, the innermost last, as bytes one behind the other: an open element takes
 * its name and one byte, less than its tag took. A name is added and matched in runs of characters, as they come.
 */
export class OpenNames {
  readonly #chunks: Uint8Array[] = [new Uint8Array(CHUNK)];
  #size = 0;
  /** Where the next character of an end tag is looked for. */
  #matched = 0;

  /** Whether no element is open. */
  get isEmpty(): boolean {
    return this.#size === 0;
  }

  /** Opens an element; its name follows by add(). */
  open(): void {
    this.#put(SEPARATOR);
  }

  /** Adds characters to the name of the innermost element; U+0000, which no name has, must not be among them. */
  add(text: string, from: number, to: number): void {
    for (let at = from; at < to; at += 1) {
      const code = text.charCodeAt(at);
      if (code < 0x80) this.#put(code);
      else {
        // As UTF-8, but for halves of surrogate pairs, which stand by themselves.
        if (code < 0x800) this.#put(0xc0 | (code >> 6));
        else {
          this.#put(0xe0 | (code >> 12));
          this.#put(0x80 | ((code >> 6) & 0x3f));
        }
        this.#put(0x80 | (code & 0x3f));
      }
    }
  }

  /** Begins to match an end tag with the innermost element. There must be one. */
  beginMatch(): void {
    let at = this.#size;
    while (this.#byteAt(at - 1) !== SEPARATOR) at -= 1;
    this.#matched = at;
  }

  /** Whether the name goes on with these characters. */
  match(text: string, from: number, to: number): boolean {
    for (let at = from; at < to; at += 1) {
      const code = text.charCodeAt(at);
      if (code < 0x80) {
        if (!this.#matchByte(code)) return false;
      } else if (code < 0x800) {
        if (!this.#matchByte(0xc0 | (code >> 6)) || !this.#matchByte(0x80 | (code & 0x3f))) return false;
      } else if (
        !this.#matchByte(0xe0 | (code >> 12)) ||
        !this.#matchByte(0x80 | ((code >> 6) & 0x3f)) ||
        !this.#matchByte(0x80 | (code & 0x3f))
      )
        return false;
    }
    return true;
  }

  /** Whether what was matched is the whole name; the element is closed then. */
  endMatch(): boolean {
    if (this.#matched !== this.#size) return false;
    this.close();
    return true;
  }

  /** Closes the innermost element. There must be one. */
  close(): void {
    do this.#size -= 1;
    while (this.#byteAt(this.#size) !== SEPARATOR);
    // One chunk is kept ahead, for names go to and fro over its edge.
    const kept = (this.#size >> CHUNK_BITS) + 2;
    if (this.#chunks.length > kept) this.#chunks.length = kept;
  }

  #put(byte: number): void {
    const chunk = this.#chunks[this.#size >> CHUNK_BITS] ?? this.#addChunk();
    chunk[this.#size & (CHUNK - 1)] = byte;
    this.#size += 1;
  }

  #addChunk(): Uint8Array {
    const chunk = new Uint8Array(CHUNK);
    this.#chunks.push(chunk);
    return chunk;
  }

  #matchByte(byte: number): boolean {
    if (this.#matched === this.#size || this.#byteAt(this.#matched) !== byte) return false;
    this.#matched += 1;
    return true;
  }

  #byteAt(index: number): number {
    return this.#chunks[index >> CHUNK_BITS]?.[index & (CHUNK - 1)] ?? SEPARATOR;
  }
}
