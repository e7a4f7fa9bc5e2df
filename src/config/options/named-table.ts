import { formerDomain } from "./former.ts";
import type { Option } from "./option.ts";
import { receiverDomain } from "./receivers.ts";
import { serviceUrlDomain } from "./service-url.ts";

/** What stands in the name of an option for the name that the operator gives its table: `former.NAME.urls`. */
export const anyName = "NAME";

/**
 * The tables that the file may hold several times, each with a name that the operator gives: `[former.old]`. An option
 * of such a table is an entry like any other, called `<table>.NAME.<option>`. It is in force for its table alone, and
 * neither the environment nor a domain's table reaches it. Where its default depends on an option that domains may
 * override, that of `domain` counts.
 */
export const namedTables = {
  former: { domain: formerDomain },
  receivers: { domain: receiverDomain },
  service_url: { domain: serviceUrlDomain },
} as const satisfies Record<string, { readonly domain: Option }>;

export type NamedTable = keyof typeof namedTables;

/** The keys under which such tables stand. */
export const namedTableKeys = Object.keys(namedTables) as readonly NamedTable[];

/** One such table of a file. */
export interface Named {
  readonly table: NamedTable;
  readonly name: string;
}

/** What an option is in force for: a served domain, one such table, or (undefined) slotd as a whole. */
export type Where = string | Named | undefined;

/** Whether tables with names stand under this key. */
export function isNamedTable(key: string | undefined): key is NamedTable {
  return key !== undefined && Object.hasOwn(namedTables, key);
}

/** Whether a text may be the name of such a table. */
export function isTableName(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text);
}

/** The kind of table that an option or a key belongs to; undefined for those without a name. */
export function namedTableOf(key: string): NamedTable | undefined {
  const [table, name] = key.split(".");
  return name === anyName && isNamedTable(table) ? table : undefined;
}

/** The path of a key as the table of options has it: with `NAME` in the place of a name. */
export function withoutName(path: readonly string[]): readonly string[] {
  return path.length > 1 && isNamedTable(path[0]) ? [path[0], anyName, ...path.slice(2)] : path;
}

/** A key with the name of a certain table in it; as it is where it belongs to none of that kind. */
export function withName(key: string, { table, name }: Named): string {
  return namedTableOf(key) === table ? [table, name, ...key.split(".").slice(2)].join(".") : key;
}
