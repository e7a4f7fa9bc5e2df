import { type LuaTable, parseTable } from "./lua-table.ts";

/** A record of a list, or a place in it that holds none. */
export type LuaItem =
  | { readonly kind: "item"; readonly value: LuaTable }
  /** From this byte of the list to the next record. */
  | { readonly kind: "damage"; readonly at: number };

/** The longest record; what is longer is damage. Prosody's hold names and types of some hundred bytes. */
export const maxItemLength = 64 * 1024;

/** Puts the next bytes of a list here, and gives their number; 0 at its end. */
export type Pull = (target: Uint8Array) => number;

const opening = Buffer.from("item(");

/**
 * Reads one of Prosody's `.list` files: Lua source that calls `item({...});` for each record. It is read as data: there
 * are strings, numbers, booleans and tables, and nothing is run.
 *
 * After damage (a write that was cut off, another file) it goes on with the next record. Memory: 256 KiB, and one record.
 * Time: linear, less than 1 ms at a time; where a stretch of the list has no record in it, it gives undefined, so that
 * the reader may let others run.
 *
 */
export function* luaItems(pull: Pull): Generator<LuaItem | undefined> {
  const window = new Window(pull);
  for (;;) {
    window.fill();
    window.skipBlanks();
    if (window.needsMore) {
      yield undefined;
      continue;
    }
    if (window.isAtEnd) return;
    const value = window.takeItem();
    if (value !== undefined) {
      yield { kind: "item", value };
      continue;
    }
    yield { kind: "damage", at: window.position };
    window.skip();
    while (!window.skipToItem()) yield undefined;
  }
}

const windowLength = 4 * maxItemLength;

/** The bytes of a list around the place where it is read: always a whole record ahead, or the end. */
class Window {
  readonly #pull: Pull;
  /** One for all of the list: what is made for each piece would be given back late. */
  readonly #bytes = Buffer.alloc(windowLength);
  #at = 0;
  #end = 0;
  /** Of the first byte that is held, in the list. */
  #offset = 0;
  #isWhole = false;

  constructor(pull: Pull) {
    this.#pull = pull;
  }

  get position(): number {
    return this.#offset + this.#at;
  }

  get needsMore(): boolean {
    return !this.#isWhole && this.#end - this.#at < maxItemLength;
  }

  get isAtEnd(): boolean {
    return this.#isWhole && this.#at >= this.#end;
  }

  fill(): void {
    if (!this.needsMore) return;
    this.#bytes.copyWithin(0, this.#at, this.#end);
    this.#offset += this.#at;
    this.#end -= this.#at;
    this.#at = 0;
    while (!this.#isWhole && this.#end < windowLength) {
      const length = this.#pull(this.#bytes.subarray(this.#end));
      if (length === 0) this.#isWhole = true;
      this.#end += length;
    }
  }

  /** Goes past a byte that is no record's. */
  skip(): void {
    if (this.#at < this.#end) this.#at += 1;
  }

  /** @returns undefined where there is no record, or a longer one than there may be. */
  takeItem(): LuaTable | undefined {
    const bytes = this.#bytes;
    for (let i = 0; i < opening.length; i += 1) if (bytes[this.#at + i] !== opening[i]) return undefined;
    const limit = Math.min(this.#end, this.#at + maxItemLength);
    const parsed = parseTable(bytes, this.#at + opening.length, limit);
    if (parsed === undefined || parsed.end >= limit || bytes[parsed.end] !== 0x29) return undefined;
    // The last record may lack it.
    const isEnded = parsed.end + 1 < this.#end && bytes[parsed.end + 1] === 0x3b;
    this.#at = parsed.end + (isEnded ? 2 : 1);
    return parsed.value;
  }

  skipBlanks(): void {
    while (this.#at < this.#end && isBlank(this.#bytes[this.#at])) this.#at += 1;
  }

  /** @returns whether one is found, or the end; else what is held has none. */
  skipToItem(): boolean {
    this.fill();
    const found = this.#bytes.indexOf(opening, this.#at);
    // What is behind the end was read before.
    if (found >= 0 && found + opening.length <= this.#end) {
      this.#at = found;
      return true;
    }
    // Its first bytes may be the last that are held.
    this.#at = Math.max(this.#at, this.#end - (this.#isWhole ? 0 : opening.length - 1));
    return this.#isWhole;
  }
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
