/** An Erlang term as a configuration file holds it, with the line that it begins on, from 1. */
export type Term = { readonly line: number } & (
  | { readonly kind: "atom"; readonly name: string }
  /** A string, or a binary that is a text. */
  | { readonly kind: "text"; readonly text: string; readonly isBinary: boolean }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "list" | "tuple"; readonly items: readonly Term[] }
  | { readonly kind: "map"; readonly entries: readonly (readonly [Term, Term])[] }
);

/** What is not an Erlang term, or not one that a configuration holds. The message quotes nothing that may be secret. */
export class TermError extends Error {
  readonly code = "bad-term";
  /** From 1. */
  readonly line: number;
  constructor(line: number, message: string) {
    super(message);
    this.name = "TermError";
    this.line = line;
  }
}

const MAX_DEPTH = 100;

/**
 * Reads the terms of a file: each ends with a dot, as `file:consult/1` has it. What was cut out of a file is read
 * too: a comma in the dot's place, and neither after the last term.
 *
 * @throws {TermError} that says on which line what is wrong; nothing is read then.
 */
export function readTerms(text: string): readonly Term[] {
  const reader = new TermReader(text);
  const terms: Term[] = [];
  while (!reader.isAtEnd()) {
    terms.push(reader.term(0));
    reader.separator();
  }
  return terms;
}

const closers = { "[": "]", "{": "}" } as const;

class TermReader {
  readonly #text: string;
  #at = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  isAtEnd(): boolean {
    this.#skip();
    return this.#at >= this.#text.length;
  }

  /** What stands between two terms of a file. */
  separator(): void {
    if (this.isAtEnd() || this.#take(/[.](?=\s|%|$)/y) !== undefined || this.#take(/,/y) !== undefined)
      return;
    throw this.#error("expected a dot and a line break after the term");
  }

  term(depth: number): Term {
    if (depth > MAX_DEPTH) throw this.#error(`the terms are nested more than ${MAX_DEPTH} deep`);
    this.#skip();
    const line = this.#line;
    const sign = this.#text[this.#at];
    if (sign === "[" || sign === "{") {
      this.#at += 1;
      const items = this.#items(closers[sign], line, depth);
      return { kind: sign === "[" ? "list" : "tuple", line, items };
    }
    if (this.#take(/#\{/y) !== undefined) return { kind: "map", line, entries: this.#entries(line, depth) };
    if (this.#take(/<</y) !== undefined) return this.#binary(line);
    if (sign === '"') return { kind: "text", line, text: this.#strings(), isBinary: false };
    if (sign === "'") return { kind: "atom", line, name: this.#quoted("'") };
    return this.#word(line);
  }

  #word(line: number): Term {
    const name = this.#take(/[a-z\u00df-\u00f6\u00f8-\u00ff][\w@\u00c0-\u00ff]*/y);
    if (name !== undefined) return { kind: "atom", line, name };
    const value = this.#number();
    if (value !== undefined) return { kind: "number", line, value };
    if (this.#at >= this.#text.length) throw this.#error("the file ends where a term was expected");
    if (this.#take(/[A-Z_]/y) !== undefined) {
      throw new TermError(
        line,
        "a variable stands here; only a configuration without Erlang code can be read",
      );
    }
    throw this.#error("no Erlang term begins like this");
  }

  #number(): number | undefined {
    const character = this.#take(/\$(?:\\.|[^\\])/suy);
    if (character !== undefined) {
      const inner = character.slice(1);
      return (inner.startsWith("\\") ? unescaped(inner) : inner)?.codePointAt(0);
    }
    const based = this.#take(/[+-]?\d{1,2}#[0-9a-zA-Z]+/y);
    if (based !== undefined) {
      const [, sign, base = "", digits = ""] = /^([+-]?)(\d+)#(.*)$/.exec(based) ?? [];
      const value = Number.parseInt(digits, Number(base));
      if (Number.isNaN(value)) throw this.#error("this number has digits that its base does not have");
      return sign === "-" ? -value : value;
    }
    const plain = this.#take(/[+-]?\d[\d_]*(?:\.\d+(?:[eE][+-]?\d+)?)?/y);
    return plain === undefined ? undefined : Number(plain.replaceAll("_", ""));
  }

  #items(closer: string, opened: number, depth: number): readonly Term[] {
    const items: Term[] = [];
    if (this.#closes(closer, opened)) return items;
    for (;;) {
      items.push(this.#inner(opened, depth));
      if (this.#closes(closer, opened)) return items;
      this.#comma(closer);
    }
  }

  #entries(opened: number, depth: number): readonly (readonly [Term, Term])[] {
    const entries: (readonly [Term, Term])[] = [];
    if (this.#closes("}", opened)) return entries;
    for (;;) {
      const key = this.#inner(opened, depth);
      this.#skip();
      if (this.#take(/=>/y) === undefined) throw this.#error('expected "=>" after the key of a map');
      entries.push([key, this.#inner(opened, depth)]);
      if (this.#closes("}", opened)) return entries;
      this.#comma("}");
    }
  }

  #inner(opened: number, depth: number): Term {
    if (this.isAtEnd()) throw this.#cutOff(opened);
    return this.term(depth + 1);
  }

  #closes(closer: string, opened: number): boolean {
    if (this.isAtEnd()) throw this.#cutOff(opened);
    if (this.#text[this.#at] !== closer) return false;
    this.#at += 1;
    return true;
  }

  #comma(closer: string): void {
    if (this.#take(/,/y) === undefined) throw this.#error(`expected a comma or "${closer}"`);
  }

  #binary(line: number): Term {
    this.#skip();
    const parts: string[] = [];
    while (this.#take(/>>/y) === undefined) {
      if (this.isAtEnd()) throw this.#cutOff(line);
      if (this.#text[this.#at] === '"') parts.push(this.#strings());
      else parts.push(this.#byte());
      this.#take(/\/utf8/y);
      this.#skip();
      this.#take(/,/y);
      this.#skip();
    }
    return { kind: "text", line, text: parts.join(""), isBinary: true };
  }

  #byte(): string {
    const value = this.#number();
    if (value === undefined || !Number.isInteger(value) || value < 0 || value > 255) {
      throw this.#error("a binary that is no text; such a one does not stand in a configuration");
    }
    return String.fromCharCode(value);
  }

  /** Strings one after the other are one. */
  #strings(): string {
    let text = "";
    do {
      text += this.#quoted('"');
      this.#skip();
    } while (this.#text[this.#at] === '"');
    return text;
  }

  #quoted(quote: string): string {
    const opened = this.#line;
    this.#at += 1;
    let text = "";
    for (;;) {
      const piece = this.#take(quote === '"' ? /[^"\\]+/y : /[^'\\]+/y);
      if (piece !== undefined) text += piece;
      else if (this.#text[this.#at] === quote) break;
      else if (this.#at >= this.#text.length) {
        throw new TermError(opened, `the file ends inside the ${quote}...${quote} that begins here`);
      } else text += this.#escape();
    }
    this.#at += 1;
    return text;
  }

  #escape(): string {
    const sequence = this.#take(/\\(?:x\{[0-9a-fA-F]+\}|x[0-9a-fA-F]{2}|[0-7]{1,3}|\^.|[^x])/suy);
    const text = sequence === undefined ? undefined : unescaped(sequence);
    if (text === undefined) throw this.#error("this \\ begins no character that Erlang knows");
    return text;
  }

  /** Passes over white space and comments. */
  #skip(): void {
    this.#take(/(?:\s+|%[^\n]*)+/y);
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) return undefined;
    this.#at += found.length;
    for (const sign of found) if (sign === "\n") this.#line += 1;
    return found;
  }

  #cutOff(opened: number): TermError {
    return new TermError(opened, "the file ends inside the bracket that is opened here");
  }

  #error(message: string): TermError {
    return new TermError(this.#line, message);
  }
}

const letters: Readonly<Record<string, string>> = {
  ...{ b: "\b", d: "\x7f", e: "\x1b", f: "\f", n: "\n", r: "\r", s: " ", t: "\t", v: "\v", "0": "\0" },
  "\n": "",
};

function unescaped(sequence: string): string | undefined {
  const inner = sequence.slice(1);
  const hex = /^x\{?([0-9a-fA-F]+)\}?$/.exec(inner)?.[1];
  if (hex !== undefined) return fromCode(Number.parseInt(hex, 16));
  if (/^[0-7]+$/.test(inner)) return fromCode(Number.parseInt(inner, 8));
  if (inner.startsWith("^")) return fromCode((inner.codePointAt(1) ?? 0) & 31);
  return letters[inner] ?? inner;
}

function fromCode(code: number): string | undefined {
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}
