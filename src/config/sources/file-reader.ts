import { exampleFor } from "../example.ts";
import {
  anyName,
  isNamedTable,
  isTableName,
  namedTableKeys,
  withName,
  withoutName,
} from "../options/named-table.ts";
import {
  hasFileKey,
  isOptionName,
  isUrlOption,
  knownKeys,
  type OptionName,
  optionNames,
  optionOf,
  secretOfFileKey,
  tableNames,
  tableOf,
} from "../options/table.ts";
import { type Place, type Problem, show } from "../problem.ts";
import { isPerDomain, keyText, readSetting, type Setting } from "../settings.ts";
import { nearest } from "../suggest.ts";
import { type Headers, meantBy, misplacedAdvice } from "./meant.ts";
import type { GivenSecret } from "./secret-file.ts";
import { linesOf, type TomlEntry } from "./toml.ts";

/** The top of the file, the table of one domain, or one table with a name. */
export interface Scope {
  readonly domain: string | undefined;
  readonly settings: Map<OptionName, Setting>;
  readonly secrets: Map<OptionName, GivenSecret>;
  /** Tables that were found to be unknown: their keys need no problems of their own. */
  readonly unknownTables: Set<string>;
}

export function newScope(domain?: string): Scope {
  return { domain, settings: new Map(), secrets: new Map(), unknownTables: new Set() };
}

/** Reads the entries of one file into the scopes that they stand in; what is wrong becomes a problem. */
export class FileReader {
  readonly #file: string;
  readonly #lines: readonly string[];
  readonly #problems: Problem[];
  readonly #hiddenLines: ReadonlySet<number>;
  readonly #headers: Headers;

  constructor(entries: readonly TomlEntry[], source: { file: string; text: string }, problems: Problem[]) {
    this.#file = source.file;
    this.#lines = linesOf(source.text);
    this.#problems = problems;
    this.#hiddenLines = new Set(entries.filter(mayHoldSecret).flatMap(linesSpanned));
    // An inline table comes as a table too, and is none that others could stand under.
    this.#headers = entries.filter(
      ({ value, line }) => value.kind !== "value" && this.#lines[line - 1]?.trimStart().startsWith("["),
    );
  }

  placeOf(entry: TomlEntry): Place {
    const { line, column } = entry;
    const source = this.#hiddenLines.has(line) ? undefined : this.#lines[line - 1];
    return { kind: "file", file: this.#file, line, column, ...(source === undefined ? {} : { source }) };
  }

  /** Reads an entry whose path, without its domain, is `path`. */
  read(entry: TomlEntry, path: readonly string[], scope: Scope): void {
    const key = path.join(".");
    const shown = keyText(entry.path);
    const table = path.slice(0, -1).join(".");
    if (scope.unknownTables.has(table) || scope.unknownTables.has(path[0] ?? "")) return;
    if (entry.value.kind !== "value") {
      if (entry.value.kind === "array of tables" || !tableNames.includes(key)) {
        scope.unknownTables.add(key);
        this.#refuseTable(entry, key, scope);
      }
    } else if (tableNames.includes(key)) {
      this.#add(entry, { expected: `a table, [${shown}]`, got: "a value", example: tableExample(key) });
    } else if (!isPathOf(path, key)) this.#refuseUnknown(entry, path, scope);
    else if (scope.domain !== undefined && isOptionName(key) && !isPerDomain(key))
      this.#refuseGlobal(entry, key);
    else this.#readValue(entry, entry.value, key, scope);
  }

  #readValue(
    entry: TomlEntry,
    { raw, text }: { raw: unknown; text: string },
    key: string,
    scope: Scope,
  ): void {
    const given = { key: keyText(entry.path), place: this.placeOf(entry), raw, text };
    const secret = secretOfFileKey(key);
    if (secret !== undefined) {
      scope.secrets.set(secret, { ...scope.secrets.get(secret), fromFile: { ...given, name: secret } });
    } else if (isOptionName(key)) {
      const itself = { ...given, name: key };
      if (hasFileKey(key)) scope.secrets.set(key, { ...scope.secrets.get(key), itself });
      else scope.settings.set(key, readSetting(itself, this.#problems));
    }
  }

  /** What tells of a table with a name: the first entry of it. It is not valid where its name is none. */
  readTableName(entry: TomlEntry): Setting {
    const [table = "", name = ""] = entry.path;
    const isValid = isTableName(name);
    const at = { key: keyText([table, name]), place: this.placeOf(entry), value: undefined, isValid };
    if (!isValid) {
      this.#add(entry, {
        expected: 'a name of 1 to 64 letters, digits, "-" and "_"',
        got: show(name),
        advice: `The table is [${table}.${anyName}], with a name of your choice.`,
      });
    }
    return at;
  }

  /** `domain` itself, or `domain."example.net"`, must be a table. */
  readDomainHeader(entry: TomlEntry): void {
    if (entry.value.kind === "table") return;
    this.#add(entry, {
      expected: 'a table for each domain, [domain."example.net"]',
      got: entry.value.kind === "value" ? "a value" : "an array of tables",
    });
  }

  #refuseTable(entry: TomlEntry, key: string, scope: Scope): void {
    const got = entry.value.kind === "table" ? "a table" : "an array of tables";
    if (tableNames.includes(key)) {
      this.#add(entry, { expected: `a table in single brackets, [${keyText(entry.path)}]`, got });
    } else if (isOptionName(key)) {
      const example = exampleFor(key, this.placeOf(entry));
      const setting = { key, place: this.placeOf(entry), value: undefined, isValid: false };
      scope.settings.set(key, setting);
      this.#add(entry, { expected: optionOf(key).expected, got, example });
    } else {
      const meant = nearest(key, tableNames) ?? meantNamed(entry);
      const advice =
        meant === undefined ? quotedDomainAdvice(entry) : `Did you mean [${keyAt(meant, entry)}]?`;
      this.#add(entry, {
        expected: tablesText,
        got: "an unknown one",
        ...(advice === undefined ? {} : { advice }),
      });
    }
  }

  #refuseUnknown(entry: TomlEntry, path: readonly string[], scope: Scope): void {
    const meant = meantBy(path, scope.domain !== undefined);
    const name =
      meant === undefined ? undefined : (secretOfFileKey(meant) ?? (isOptionName(meant) ? meant : undefined));
    const known = quotedDomainAdvice(entry) ?? "Remove it; docs/options.md lists them all.";
    const isSibling = meant !== undefined && tableOf(meant) === tableOf(path.join("."));
    const misplaced = isSibling ? undefined : misplacedAdvice(entry, path, this.#headers);
    const advice = misplaced ?? (meant === undefined ? known : `Did you mean ${keyAt(meant, entry)}?`);
    const hasExample = name !== undefined && name === meant && misplaced === undefined;
    const example = hasExample ? { example: exampleFor(name, this.placeOf(entry)) } : {};
    this.#add(entry, { expected: "a known option", got: "an unknown one", advice, ...example });
  }

  #refuseGlobal(entry: TomlEntry, key: OptionName): void {
    const table = key.includes(".") ? `the table [${keyAt(tableOf(key), entry)}]` : "the top of the file";
    this.#add(entry, {
      expected: "an option that one domain may override",
      got: "one that is for all domains",
      advice: `Move it to ${table}.`,
    });
  }

  #add(entry: TomlEntry, problem: Omit<Problem, "place" | "key">): void {
    this.#problems.push({ place: this.placeOf(entry), key: keyText(entry.path), ...problem });
  }
}

const tablesText = `one of the tables ${tableNames
  .filter((name) => !isNamedTable(name))
  .map((name) => `[${name}]`)
  .join(", ")} and [domain."example.net"]`;

/** Whether the path is that of a known key, part by part: a quoted "s3.region" is not s3.region. */
function isPathOf(path: readonly string[], key: string): boolean {
  return knownKeys.includes(key) && path.length === key.split(".").length;
}

/** An unquoted [domain.example.net] is read as tables within tables. */
function quotedDomainAdvice(entry: TomlEntry): string | undefined {
  if (entry.path[0] !== "domain" || entry.path.length < 3) return undefined;
  return `If ${keyText(entry.path.slice(1))} is a domain, write it in quotes: [domain."${entry.path.slice(1).join(".")}"].`;
}

/** The table that was meant by one with a name. */
function meantNamed({ path: [table = "", name, ...rest] }: TomlEntry): string | undefined {
  const meant = name === undefined || rest.length > 0 ? undefined : nearest(table, namedTableKeys);
  return meant && `${meant}.${name}`;
}

function tableExample(table: string): string {
  const name = optionNames.find((option) => option.startsWith(`${table}.`));
  return name === undefined ? `[${table}]` : `${name} = ${optionOf(name).example}`;
}

/** A key that was meant by an entry: with the name of the entry's table, where it is in such a table. */
function keyAt(key: string, { path }: TomlEntry): string {
  const [table, name] = withinDomain(path);
  return isNamedTable(table) && name !== undefined ? withName(key, { table, name }) : key;
}

function withinDomain(path: readonly string[]): readonly string[] {
  return path[0] === "domain" && path.length > 2 ? path.slice(2) : path;
}

/** A secret, an address with a password, or an unknown key that could be meant for a secret. */
function mayHoldSecret(entry: TomlEntry): boolean {
  if (entry.value.kind !== "value") return false;
  const path = withoutName(withinDomain(entry.path));
  const key = path.join(".");
  if (secretOfFileKey(key) !== undefined) return false;
  if (isOptionName(key))
    return optionOf(key).isSecret || (isUrlOption(key) && String(entry.value.raw).includes("@"));
  const meant = meantBy(path, false);
  return (
    meant === undefined ||
    secretOfFileKey(meant) !== undefined ||
    (isOptionName(meant) && optionOf(meant).isSecret)
  );
}

function linesSpanned({ line, lastLine }: TomlEntry): number[] {
  return Array.from({ length: lastLine - line + 1 }, (_, index) => line + index);
}
