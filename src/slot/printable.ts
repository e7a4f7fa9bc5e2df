/**
 * What steers a terminal, ends a line or turns it around, cannot be seen, or is no character: the controls of ASCII and
 * of ISO 6429 (C1), formats such as U+202E, the separators of lines and paragraphs, lone surrogates.
 */
export const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * A stranger's text as it may stand in a message, a line of a log or a terminal: on one line, short, with everything
 * that is unprintable written out, such as `\u{1B}`.
 *
 * Reads and gives no more than `most` characters of it (UTF-16 code units), and "…" where there were more; each that is
 * unprintable takes up to eight.
 */
export function printable(text: string, most = 200): string {
  const isWhole = text.length <= most;
  const end = !isWhole && isHighSurrogate(text.charCodeAt(most - 1)) ? most - 1 : most;
  const shown = (isWhole ? text : text.slice(0, end)).replace(
    unprintable,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`,
  );
  return isWhole ? shown : `${shown}…`;
}

/**
 * JSON text whose strings say the same, without anything unprintable: JSON.stringify writes out the controls of ASCII
 * and lone surrogates by itself, and leaves the others as they are.
 */
export function printableJson(json: string): string {
  return json.replace(/[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`,
    ).join(""),
  );
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code < 0xdc00;
}
