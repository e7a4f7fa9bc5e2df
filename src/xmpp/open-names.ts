const CHUNK_BITS = 16;
const CHUNK = 1 << CHUNK_BITS;
/** What stands behind a name of so many bytes or more: its length in four bytes, and this. */
const LONG = 255;

/**
 * The names of the elements that are open, the innermost last, as bytes one behind the other, each with its length
 * behind it. A short name takes a byte more than it has, which is less than its tag took. Names are added and matched
 * in runs of characters, as they come; nothing else takes longer for a long name than for a short one.
 */
export class OpenNames {
  readonly #chunks: Uint8Array[] = [new Uint8Array(CHUNK)];
  #size = 0;
  /** Where the name begins that is being added. */
  #begun = 0;
  /** The name that is being matched, and where its next character is looked for. */
  #first = 0;
  #next = 0;
  #end = 0;

  /** Whether no element is open. */
  get isEmpty(): boolean {
    return this.#size === 0;
  }

  /** Begins the name of another element, which add() completes and open() opens, or drop() takes back. */
  begin(): void {
    this.#begun = this.#size;
  }

  /** Adds characters to the name that was begun. */
  add(text: string, from: number, to: number): void {
    for (let at = from; at < to; at += 1) {
      const code = text.charCodeAt(at);
      if (code < 0x80) this.#put(code);
      else {
        // As UTF-8, but for the halves of surrogate pairs, which stand by themselves.
        if (code < 0x800) this.#put(0xc0 | (code >> 6));
        else {
          this.#put(0xe0 | (code >> 12));
          this.#put(0x80 | ((code >> 6) & 0x3f));
        }
        this.#put(0x80 | (code & 0x3f));
      }
    }
  }

  /** Opens the element whose name was added. */
  open(): void {
    const length = this.#size - this.#begun;
    if (length < LONG) {
      this.#put(length);
      return;
    }
    for (let shift = 0; shift < 32; shift += 8) this.#put((length >>> shift) & 0xff);
    this.#put(LONG);
  }

  /** Takes back the name that was begun. */
  drop(): void {
    this.#cut(this.#begun);
  }

  /** Begins to match an end tag with the innermost element; where none is open, nothing will match. */
  beginMatch(): void {
    this.#end = this.#size - 1;
    let length = this.#byteAt(this.#end);
    if (length === LONG) {
      this.#end -= 4;
      length = 0;
      for (let digit = 3; digit >= 0; digit -= 1) length = length * 256 + this.#byteAt(this.#end + digit);
    }
    this.#first = this.#end - length;
    this.#next = this.#first;
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
  close(): boolean {
    if (this.#next !== this.#end) return false;
    this.#cut(this.#first);
    return true;
  }

  #cut(size: number): void {
    this.#size = size;
    // One chunk is kept ahead, for names go to and fro over its edge.
    const kept = (size >> CHUNK_BITS) + 2;
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
    if (this.#next >= this.#end || this.#byteAt(this.#next) !== byte) return false;
    this.#next += 1;
    return true;
  }

  #byteAt(index: number): number {
    return this.#chunks[index >> CHUNK_BITS]?.[index & (CHUNK - 1)] ?? 0;
  }
}
