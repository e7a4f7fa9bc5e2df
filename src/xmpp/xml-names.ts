// As in a character class of a regular expression. A pair of surrogates is written as its halves: text that was
// decoded from UTF-8 has no single ones, and patterns run twice as fast this way.
const starts =
  "A-Z_a-z\xc0-\xd6\xd8-\xf6\xf8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f" +
  "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\ud800-\udb7f\udc00-\udfff";
const characters = `${starts}.0-9\xb7\u0300-\u036f\u203f\u2040-`;
const blanks = " \t\r\n";

/** White space, and a name without a colon, for use in patterns. Source: XML 1.0 §2.3, Namespaces in XML 1.0 §4. */
export const space = `[${blanks}]`;
export const ncName = `[${starts}][${characters}]*`;

/** Code units from one to another, both of them included. */
export type CodeRange = readonly [from: number, to: number];

/** What a name may begin with, by the same productions. */
export function nameStarts(): CodeRange[] {
  return rangesOf(starts);
}

/** What a name may go on with. */
export function nameCharacters(): CodeRange[] {
  return rangesOf(characters);
}

/** White space. */
export function spaces(): CodeRange[] {
  return rangesOf(blanks);
}

function rangesOf(ranges: string): CodeRange[] {
  return [...ranges.matchAll(/([\s\S])(?:-([\s\S]))?/g)].map(([, first = "", last = first]) => [
    first.charCodeAt(0),
    last.charCodeAt(0),
  ]);
}
