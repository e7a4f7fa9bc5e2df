// As in a character class of a regular expression. A pair of surrogates is written as its halves: text that was
// decoded from UTF-8 has no single ones, and patterns run twice as fast this way.
const starts =
  "A-Z_a-z\xc0-\xd6\xd8-\xf6\xf8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f" +
  "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\ud800-\udb7f\udc00-\udfff";
const rest = `${starts}.0-9\xb7\u0300-\u036f\u203f\u2040-`;
const blanks = " \t\r\n";

/** White space, and a name without a colon, for use in patterns. Source: XML 1.0 §2.3, Namespaces in XML 1.0 §4. */
export const space = `[${blanks}]`;
export const ncName = `[${starts}][${rest}]*`;

/** What a code unit may be in markup: the bits of its class. */
export const [NAME_START, NAME_CHARACTER, SPACE] = [1, 2, 4];

let classes: Uint8Array | undefined;

/** The classes of all 65,536 code units, by the same productions. They are made when they are first asked for. */
export function characterClasses(): Uint8Array {
  if (classes) return classes;
  classes = new Uint8Array(0x10000);
  setBit(classes, NAME_START, starts);
  setBit(classes, NAME_CHARACTER, rest);
  setBit(classes, SPACE, blanks);
  return classes;
}

function setBit(table: Uint8Array, bit: number, ranges: string): void {
  for (const [, first = "", last = first] of ranges.matchAll(/([\s\S])(?:-([\s\S]))?/g)) {
    for (let code = first.charCodeAt(0); code <= last.charCodeAt(0); code += 1)
      table[code] = (table[code] ?? 0) | bit;
  }
}
