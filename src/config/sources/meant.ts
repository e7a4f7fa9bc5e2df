import { knownKeys, secretOfFileKey } from "../options/table.ts";
import { isPerDomain, keyText } from "../settings.ts";
import { nearest } from "../suggest.ts";
import type { TomlEntry } from "./toml.ts";

/** Where the tables of a file begin: lines from 1, in the order of the file. */
export type Headers = readonly { readonly path: readonly string[]; readonly line: number }[];

/** The known key that was meant: one with a like name, or one of the same last word in another table. */
export function meantBy(path: readonly string[], isInDomain: boolean): string | undefined {
  const known = keysFor(isInDomain);
  const last = path.at(-1) ?? "";
  const siblings = known.filter((key) => tableOfKey(key) === path.slice(0, -1).join("."));
  const sibling = nearest(last, siblings.map(lastWord));
  if (sibling !== undefined) return [...path.slice(0, -1), sibling].join(".");
  return known.find((key) => lastWord(key) === last) ?? nearest(path.join("."), known);
}

/**
 * Says where an option belongs that stands under the header of another table, by the name it was written with.
 *
 * @param path the entry's path within its domain.
 * @returns undefined when it does not stand under a header, or no other table has an option of this name.
 */
export function misplacedAdvice(
  entry: TomlEntry,
  path: readonly string[],
  headers: Headers,
): string | undefined {
  const header = headers.findLast(({ line }) => line < entry.line);
  if (header === undefined || path.length < 2 || !isUnder(entry, header.path)) return undefined;
  const last = path.at(-1) ?? "";
  const domain = entry.path.slice(0, entry.path.length - path.length);
  const tables = keysFor(domain.length > 0)
    .filter((key) => lastWord(key) === last)
    .map((key) => [...domain, ...tableOfKey(key).split(".")].filter((part) => part !== ""));
  if (tables.length === 0) return undefined;
  // "retention" is meant for all files rather than for one purpose.
  const least = Math.min(...tables.map(({ length }) => length));
  const places = tables.filter(({ length }) => length === least).map((table) => placeText(table, headers));
  return `Line ${entry.line} is in the table [${keyText(header.path)}], which begins in line ${header.line}. ${last} belongs ${places.join(", or ")}.`;
}

function isUnder({ path }: TomlEntry, header: readonly string[]): boolean {
  return header.every((part, index) => path[index] === part) && path.length === header.length + 1;
}

function placeText(table: readonly string[], headers: Headers): string {
  const first = headers[0]?.line ?? 1;
  if (table.length === 0) return `before the first table: move it above line ${first}`;
  const found = headers.find(({ path }) => keyText(path) === keyText(table));
  const name = `[${keyText(table)}]`;
  return found === undefined
    ? `in the table ${name}, which the file does not have yet: add ${name} above it`
    : `in the table ${name}: move it below line ${found.line}`;
}

function keysFor(isInDomain: boolean): readonly string[] {
  return isInDomain ? knownKeys.filter((key) => isPerDomain(secretOfFileKey(key) ?? key)) : knownKeys;
}

function tableOfKey(key: string): string {
  return key.slice(0, Math.max(0, key.lastIndexOf(".")));
}

function lastWord(key: string): string {
  return key.slice(key.lastIndexOf(".") + 1);
}
