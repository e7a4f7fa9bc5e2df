/** Tables by their keys that are strings; what has no such key is not kept. */
export type LuaTable = ReadonlyMap<string, LuaValue>;
/** undefined: a string that is not UTF-8, or nil. */
export type LuaValue = string | number | boolean | LuaTable | undefined;

/** How deep tables may be nested; Prosody's are two deep. */
const maxDepth = 8;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads a table constructor of Lua as Prosody writes it: `{ ["key"] = value; ... }`, where values are strings in double
 * quotes, numbers, booleans, nil and tables. Anything else, such as a name, a call or an operator, is none.
 *
 * Linear in the length of the bytes; tables are nested at most 8 deep.
 *
 * @param from where it begins.
 * @param limit where the bytes end.
 * @returns the table and where it ended; undefined when there is none.
 */
export function parseTable(
  bytes: Buffer,
  from: number,
  limit: number,
): { readonly value: LuaTable; readonly end: number } | undefined {
  const reader = new TableReader(bytes, from, limit);
  try {
    return { value: reader.table(1), end: reader.at };
  } catch (error) {
    if (error instanceof NotATable) return undefined;
    throw error;
  }
}

class NotATable extends Error {}
/** One for all: no trace is made for each damaged record. */
const notATable = new NotATable();

class TableReader {
  readonly #bytes: Buffer;
  readonly #limit: number;
  at: number;

  constructor(bytes: Buffer, at: number, limit: number) {
    this.#bytes = bytes;
    this.#limit = limit;
    this.at = at;
  }

  /** NaN behind the end. */
  #byte(): number {
    return this.at < this.#limit ? (this.#bytes[this.at] ?? Number.NaN) : Number.NaN;
  }

  table(depth: number): LuaTable {
    if (depth > maxDepth) throw notATable;
    this.#expect("{");
    const table = new Map<string, LuaValue>();
    while (!this.#take("}")) {
      const key = this.#key();
      const value = this.#value(depth);
      if (typeof key === "string") table.set(key, value);
      if (this.#take(";") || this.#take(",")) continue;
      this.#expect("}");
      break;
    }
    return table;
  }

  #key(): LuaValue {
    if (!this.#take("[")) return undefined;
    const key = this.#peek() === '"' ? this.#string() : this.#word();
    this.#expect("]");
    this.#expect("=");
    return key;
  }

  #value(depth: number): LuaValue {
    const next = this.#peek();
    if (next === '"') return this.#string();
    return next === "{" ? this.table(depth + 1) : this.#word();
  }

  #word(): LuaValue {
    this.#blanks();
    const from = this.at;
    while (isWordByte(this.#byte())) this.at += 1;
    // The longest number that Prosody writes has 24 characters.
    if (this.at === from || this.at - from > 40) throw notATable;
    const word = this.#bytes.toString("latin1", from, this.at);
    if (Object.hasOwn(words, word)) return words[word];
    if (!/^-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(word)) throw notATable;
    return Number(word);
  }

  #string(): string | undefined {
    this.#expect('"');
    const from = this.at;
    while (isPlain(this.#byte())) this.at += 1;
    if (this.#byte() !== 0x22) return this.#unescaped(from);
    // Most are of ASCII without escapes.
    const text = this.#bytes.toString("latin1", from, this.at);
    this.at += 1;
    return text;
  }

  /** A string that began there, and has something in it from here on that does not stand for itself. */
  #unescaped(from: number): string | undefined {
    const text = Buffer.allocUnsafe(this.#endOfString() - from);
    let length = this.#bytes.copy(text, 0, from, this.at);
    for (let byte = this.#byte(); byte !== 0x22; byte = this.#byte()) {
      this.at += 1;
      // A line never ends inside a string but by an escape: the rest of it was not written.
      if (Number.isNaN(byte) || byte === 0x0a) throw notATable;
      text[length++] = byte === 0x5c ? this.#escape() : byte;
    }
    this.at += 1;
    return decode(text.subarray(0, length));
  }

  /** Where the quote is that ends it, or the end of all. */
  #endOfString(): number {
    let end = this.at;
    while (end < this.#limit && this.#bytes[end] !== 0x22) end += this.#bytes[end] === 0x5c ? 2 : 1;
    return end;
  }

  #escape(): number {
    const simple = escapes[String.fromCharCode(this.#byte())];
    if (simple !== undefined) {
      this.at += 1;
      return simple;
    }
    let code = 0;
    for (const end = this.at + 3; this.at < end; this.at += 1) {
      const digit = this.#byte() - 0x30;
      if (!(digit >= 0 && digit <= 9)) throw notATable;
      code = code * 10 + digit;
    }
    if (code > 255) throw notATable;
    return code;
  }

  #peek(): string {
    this.#blanks();
    return String.fromCharCode(this.#byte());
  }

  #take(sign: string): boolean {
    if (this.#peek() !== sign) return false;
    this.at += 1;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#take(sign)) throw notATable;
  }

  #blanks(): void {
    while (isBlank(this.#byte())) this.at += 1;
  }
}

const words: Readonly<Record<string, LuaValue>> = { true: true, false: false, nil: undefined };

const escapes: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  t: 9,
  n: 10,
  v: 11,
  f: 12,
  r: 13,
  '"': 0x22,
  "'": 0x27,
  "\\": 0x5c,
  "\n": 10,
};

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Letters, digits, and the signs of a number. */
function isWordByte(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    [0x45, 0x2e, 0x2b, 0x2d].includes(byte)
  );
}

function isPlain(byte: number): boolean {
  return byte < 0x80 && byte !== 0x22 && byte !== 0x5c && byte !== 0x0a;
}

function decode(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}
