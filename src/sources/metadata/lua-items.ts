import { type LuaTable, parseTable } from "./lua-table.ts";

/** A record of a list, or a place in it that holds none. */
export type LuaItem =
  | { readonly kind: "item"; readonly value: LuaTable }
  /** From this byte of the list to the next record. */
  | { readonly kind: "damage"; readonly at: number };

/** The longest record; what is longer is damage. Prosody's hold names and types of some hundred bytes. */
export const maxItemLength = 64 * 1024;

const opening = Buffer.from("item(");

/**
 * Reads one of Prosody's `.list` files: Lua source that calls `item({...});` for each record. It is read as data: there
 * are strings, numbers, booleans and tables, and nothing is run.
 *
 * After damage (a write that was cut off, another file) it goes on with the next record. Memory: 256 KiB and one record.
 * Time: linear, less than 1 ms at a time; where a stretch of the list has no record in it, it gives undefined, so that
 * the reader may let others run.
 *
 * @param pull the next bytes of the list; empty at its end.
 */
export function* luaItems(pull: () => Uint8Array): Generator<LuaItem | undefined> {
  const window = new Window(pull);
  for (;;) {
    window.fill();
    window.skipBlanks();
    if (window.needsMore) {
      yield undefined;
      continue;
    }
    if (window.isAtEnd) return;
    const parsed = parseItem(window.ahead);
    if (parsed !== undefined) {
      yield { kind: "item", value: parsed.value };
      window.skip(parsed.length);
      continue;
    }
    yield { kind: "damage", at: window.position };
    window.skip(1);
    while (!window.skipTo(opening)) yield undefined;
  }
}

/** @returns undefined where it is no record, or a longer one than there may be. */
function parseItem(bytes: Buffer): { readonly value: LuaTable; readonly length: number } | undefined {
  if (!bytes.subarray(0, opening.length).equals(opening)) return undefined;
  const parsed = parseTable(bytes.subarray(0, maxItemLength), opening.length);
  if (parsed === undefined || bytes[parsed.end] !== 0x29) return undefined;
  // The last record may lack it.
  const isEnded = bytes[parsed.end + 1] === 0x3b;
  return { value: parsed.value, length: parsed.end + (isEnded ? 2 : 1) };
}

/** The bytes of a list around the place where it is read: always a whole record ahead, or the end. */
class Window {
  readonly #pull: () => Uint8Array;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Of the first byte that is held, in the list. */
  #offset = 0;
  #isWhole = false;

  constructor(pull: () => Uint8Array) {
    this.#pull = pull;
  }

  get ahead(): Buffer {
    return this.#bytes.subarray(this.#at);
  }

  get position(): number {
    return this.#offset + this.#at;
  }

  get needsMore(): boolean {
    return !this.#isWhole && this.#bytes.length - this.#at < maxItemLength;
  }

  get isAtEnd(): boolean {
    return this.#isWhole && this.#at >= this.#bytes.length;
  }

  fill(): void {
    while (this.needsMore) {
      const more = this.#pull();
      if (more.length === 0) this.#isWhole = true;
      this.#offset += this.#at;
      this.#bytes = Buffer.concat([this.#bytes.subarray(this.#at), more]);
      this.#at = 0;
    }
  }

  skip(length: number): void {
    this.#at = Math.min(this.#at + length, this.#bytes.length);
  }

  skipBlanks(): void {
    while (isBlank(this.#bytes[this.#at])) this.#at += 1;
  }

  /** @returns whether it is found, or the end; else what is held does not have it. */
  skipTo(text: Buffer): boolean {
    this.fill();
    const found = this.#bytes.indexOf(text, this.#at);
    if (found >= 0) this.#at = found;
    // Its first bytes may be the last that are held.
    else this.#at = Math.max(this.#at, this.#bytes.length - (this.#isWhole ? 0 : text.length - 1));
    return found >= 0 || this.#isWhole;
  }
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
