import { XmlError } from "./xml-error.ts";

const [SEMICOLON, HASH, SMALL_X] = [0x3b, 0x23, 0x78];
const BEYOND = 0x110000;

/** The names of the references that need no declaration, read as base-256 numbers. Source: XML 1.0 §4.6. */
const names = new Set(["amp", "lt", "gt", "apos", "quot"].map(numberOf));

function numberOf(name: string): number {
  return [...name].reduce((number, letter) => number * 256 + letter.charCodeAt(0), 0);
}

/**
 * Checks a reference that comes character by character, however many there are, and holds none of them.
 * Only character references and the five named ones are good. Source: XML 1.0 §4.1; RFC 6120 §11.1.
 */
export class ReferenceCheck {
  #kind: "begun" | "name" | "hash" | "decimal" | "hex" = "begun";
  #value = 0;
  #length = 0;

  /** Begins behind "&". */
  begin(): void {
    this.#kind = "begun";
    this.#value = 0;
    this.#length = 0;
  }

  /**
   * Takes the next character.
   *
   * @returns whether it was the last one, a good reference's semicolon.
   * @throws {XmlError} when it can become no good reference.
   */
  take(code: number): boolean {
    if (code === SEMICOLON) {
      if (!this.#isGood()) throw new XmlError("a reference is unknown or stands for no character");
      return true;
    }
    if (this.#kind === "begun" && code === HASH) this.#kind = "hash";
    else if (this.#kind === "hash" && code === SMALL_X) this.#kind = "hex";
    else this.#addDigit(code);
    return false;
  }

  /**
   * Checks a reference that is whole in a text, from behind its "&" on; quicker than one that comes in pieces.
   *
   * @returns the place of its semicolon; -1 when the text ends before it.
   * @throws {XmlError} when it is no good reference.
   */
  static endOf(text: string, from: number): number {
    let name = 0;
    for (let at = from; at < text.length && at < from + 5; at += 1) {
      const code = text.charCodeAt(at);
      if (code === SEMICOLON) {
        if (names.has(name)) return at;
        break;
      }
      name = name * 256 + code;
    }
    return ReferenceCheck.#endOfOther(text, from);
  }

  static #endOfOther(text: string, from: number): number {
    const check = new ReferenceCheck();
    for (let at = from; at < text.length; at += 1) if (check.take(text.charCodeAt(at))) return at;
    return -1;
  }

  #addDigit(code: number): void {
    if (this.#kind === "begun") this.#kind = "name";
    if (this.#kind === "hash") this.#kind = "decimal";
    this.#length += 1;
    if (this.#kind === "name") {
      this.#value = this.#value * 256 + code;
      if (this.#length > 4 || code > 0x7f) throw new XmlError("a reference is unknown");
      return;
    }
    const base = this.#kind === "hex" ? 16 : 10;
    const digit = digitOf(code);
    if (digit >= base) throw new XmlError("a reference holds what is no digit");
    // Zeros may lead; a number that is too large stays so.
    this.#value = Math.min(BEYOND, this.#value * base + digit);
  }

  #isGood(): boolean {
    if (this.#kind === "name") return names.has(this.#value);
    return this.#length > 0 && isCharacter(this.#value);
  }
}

/** The value of a digit in any base up to 16; 16 when it is none. */
function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 && code < 0x80 ? letter - 0x61 + 10 : 16;
}

/** Whether a code point is a character of XML. Source: XML 1.0 §2.2. */
export function isCharacter(code: number): boolean {
  if (code < 0x20) return code === 0x9 || code === 0xa || code === 0xd;
  return code < 0xd800 || (code > 0xdfff && code < BEYOND && code !== 0xfffe && code !== 0xffff);
}
