import { printableJson, unprintable } from "../slot/printable.ts";

/** Writes rows as columns that are as wide as they need to be; numbers, as the header's "<" says not, to the right. */
export function table(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const names = headers.map((header) => header.replace(/^</, ""));
  const widths = names.map((name, at) =>
    Math.max(name.length, ...rows.map((row) => [...(row[at] ?? "")].length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => {
        const padding = " ".repeat(Math.max(0, (widths[at] ?? 0) - [...cell].length));
        return headers[at]?.startsWith("<") ? cell + padding : padding + cell;
      })
      .join("  ")
      .trimEnd();
  return [names, ...rows].map((row) => `${line(row)}\n`).join("");
}

/** How many there are of something, for people: "1 file", "2 files". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A number of bytes for people: three digits and a unit, or all of them below 1 KiB. */
export function sizeText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** A text from elsewhere, without what could steer a terminal or turn its line around. */
export function plain(text: string): string {
  return text.replace(unprintable, "\uFFFD");
}

/** What a command gives with `--json`: without what could steer a terminal, and the same for a program. */
export function jsonText(value: unknown): string {
  return `${printableJson(JSON.stringify(value, undefined, 2))}\n`;
}
