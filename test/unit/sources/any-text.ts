import fc from "fast-check";

const codePoint = fc.oneof(
  fc.integer({ min: 0, max: 0x7f }),
  fc.integer({ min: 0x80, max: 0xd7ff }),
  fc.integer({ min: 0xe000, max: 0x10ffff }),
);

/** Well-formed text of any characters, controls among them. */
export const anyText = fc.array(codePoint, { maxLength: 20 }).map((codes) => String.fromCodePoint(...codes));
