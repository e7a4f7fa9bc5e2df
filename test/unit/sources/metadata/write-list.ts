/** As Prosody writes a string. Source: util.serialization. */
function quoted(text: string): string {
  let escaped = "";
  for (const byte of Buffer.from(text)) {
    const simple = {
      7: "\\a",
      8: "\\b",
      9: "\\t",
      10: "\\n",
      11: "\\v",
      12: "\\f",
      13: "\\r",
      34: '\\"',
      92: "\\\\",
    }[byte];
    const isPlain = byte >= 32 && byte < 127;
    escaped += simple ?? (isPlain ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, "0")}`);
  }
  return `"${escaped}"`;
}

/** What a record can hold. */
export type Plain = string | number | boolean | { [key: string]: Plain };

function written(value: Plain): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value !== "object") return String(value);
  const entries = Object.entries(value).map(([key, inner]) => `\t[${quoted(key)}] = ${written(inner)};\n`);
  return `{\n${entries.join("")}}`;
}

/** A record of a list, as Prosody writes it. */
export const record = (value: Plain): string => `item(${written(value)});\n`;
