import { type Named, type NamedTable, namedTableOf, namedTables, type Where } from "./options/named-table.ts";
import type { About, Derived, InForce, Option } from "./options/option.ts";
import type { Found } from "./options/rule.ts";
import { nameOf } from "./options/table.ts";
import type { Setting, Settings } from "./settings.ts";

/** Everything that was given; what comes first wins: a domain's own table, the environment, the file, the default. */
export interface Layers {
  readonly domains: ReadonlyMap<string, Settings>;
  /** The tables with names, in the order of the file: [former.old] is "old" of "former". */
  readonly named: ReadonlyMap<NamedTable, ReadonlyMap<string, NamedLayer>>;
  readonly environment: Settings;
  readonly file: Settings;
  /** Relative paths start here; absolute. */
  readonly folder: string;
}

/** What one table with a name gives. */
export interface NamedLayer {
  /** Where the table, or its first key, stands. */
  readonly at: Setting;
  readonly settings: Settings;
}

/** A value that is there, which may be that there is no limit; undefined where nothing valid is. */
export type Value = { readonly is: unknown } | undefined;

/**
 * Finds what is in force for a domain, for a table with a name, or (undefined) for every domain without a table of its
 * own.
 */
export function find<O extends Option>(layers: Layers, where: Where, option: O): Found<O> {
  const setting = settingOf(layers, where, option);
  const value = lookUp(layers, where, option);
  // Settings hold what the schema of their own option gave.
  return {
    ...(setting === undefined ? {} : { setting }),
    ...(value === undefined ? {} : { value: { is: value.is as InForce<O> } }),
  };
}

/** How an option was given; undefined for a default. */
export function settingOf(layers: Layers, where: Where, option: Option): Setting | undefined {
  const name = nameOf(option);
  const scope = scopeOf(layers, where, option);
  if (typeof scope === "object") return layers.named.get(scope.table)?.get(scope.name)?.settings.get(name);
  const own = scope === undefined ? undefined : layers.domains.get(scope)?.get(name);
  return own ?? layers.environment.get(name) ?? layers.file.get(name);
}

/** What an option comes to. */
export function lookUp(layers: Layers, where: Where, option: Option): Value {
  const setting = settingOf(layers, where, option);
  const others = (other: Option) => lookUp(layers, where, other);
  const scope = scopeOf(layers, where, option);
  const about = { domain: typeof scope === "string" ? scope : undefined, folder: layers.folder };
  if (setting === undefined) return defaultOf(option, others, about);
  return setting.isValid ? applied(option, setting.value, others, about) : undefined;
}

/** A table with a name has its own options; of the others those of its domain are in force for it. */
function scopeOf(layers: Layers, where: Where, option: Option): Where {
  if (typeof where !== "object") return where;
  if (namedTableOf(nameOf(option)) === where.table) return where;
  return option.isPerDomain ? domainOf(layers, where) : undefined;
}

function domainOf(layers: Layers, named: Named): string | undefined {
  const value = lookUp(layers, named, namedTables[named.table].domain)?.is;
  return typeof value === "string" ? value : undefined;
}

const readDefaults = new WeakMap<Option, unknown>();

/** What an option comes to where it is not given. `others` gives what other options come to. */
export function defaultOf(option: Option, others: (option: Option) => Value, about: About): Value {
  if (option.default !== undefined) {
    if (!readDefaults.has(option)) readDefaults.set(option, option.schema.parse(option.default));
    return applied(option, readDefaults.get(option), others, about);
  }
  if (option.derived !== undefined) {
    const value = derive(option.derived, others, about);
    return value && applied(option, value.is, others, about);
  }
  return option.isMandatory === "no" ? { is: undefined } : undefined;
}

function applied(option: Option, value: unknown, others: (option: Option) => Value, about: About): Value {
  if (option.apply === undefined || value === undefined) return { is: value };
  const apply = derive(option.apply, others, about);
  // It is what the schema of this very option gave, or a default of that type.
  return apply && { is: apply.is(value as never) };
}

function derive<Result>(
  { needs, make }: Derived<Result>,
  others: (option: Option) => Value,
  about: About,
): { readonly is: Result } | undefined {
  const values: unknown[] = [];
  for (const option of needs) {
    const value = others(option);
    if (value === undefined) return undefined;
    values.push(value.is);
  }
  return { is: make(values, about) };
}
