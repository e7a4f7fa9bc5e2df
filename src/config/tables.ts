import type { Value } from "./in-force.ts";
import type { Option } from "./options/option.ts";
import { hasFileKey, isOptionName, type OptionName, optionalTables, optionOf } from "./options/table.ts";

/** Where the values that are in force come from. */
export interface InForceValues {
  lookUp(option: Option): Value;
  /** The file that a value was read from. */
  fileOf(option: Option): string | undefined;
}

interface Table {
  [key: string]: unknown;
}

/**
 * What is in force of these options, in tables as they are in the file, with the names as TypeScript writes them:
 * `http.max_uploads` is `http.maxUploads`. A table that is not in force is undefined.
 */
export function tablesOf(names: readonly OptionName[], { lookUp, fileOf }: InForceValues): Table {
  const tables: Table = {};
  for (const name of names) {
    const option = optionOf(name);
    if (!isTableInForce(name, lookUp)) tables[firstTable(name)] = undefined;
    else {
      put(tables, name, isInForce(option, lookUp) ? lookUp(option)?.is : undefined);
      if (hasFileKey(name)) put(tables, `${name}_file`, fileOf(option));
    }
  }
  return tables;
}

/** The value of an option in such tables. */
export function valueIn(tables: object, name: string): unknown {
  return name
    .split(".")
    .reduce((table: unknown, key) => (table as Table | undefined)?.[camelCase(key)], tables);
}

function put(tables: Table, name: string, value: unknown): void {
  const keys = name.split(".").map(camelCase);
  const last = keys.pop() ?? "";
  let table = tables;
  for (const key of keys) {
    table[key] ??= {};
    table = table[key] as Table;
  }
  table[last] = value;
}

/** A key of the file as TypeScript writes it. */
export function camelCase(key: string): string {
  return key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function firstTable(name: string): string {
  return name.slice(0, name.indexOf("."));
}

function isTableInForce(name: string, lookUp: InForceValues["lookUp"]): boolean {
  const table = firstTable(name);
  if (!isOptionalTable(table)) return true;
  const { option, value } = optionalTables[table];
  return lookUp(option)?.is === value;
}

function isOptionalTable(table: string): table is keyof typeof optionalTables {
  return Object.hasOwn(optionalTables, table);
}

/** Whether an option has a meaning beside the others. */
export function isInForce({ onlyWith }: Option, lookUp: InForceValues["lookUp"]): boolean {
  if (onlyWith === undefined || !isOptionName(onlyWith.name)) return true;
  return lookUp(optionOf(onlyWith.name))?.is === onlyWith.value;
}
