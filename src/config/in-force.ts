import type { About, Derived, InForce, Option } from "./options/option.ts";
import type { Found } from "./options/rule.ts";
import { nameOf } from "./options/table.ts";
import type { Setting, Settings } from "./settings.ts";

/** Everything that was given; what comes first wins: a domain's own table, the environment, the file, the default. */
export interface Layers {
  readonly domains: ReadonlyMap<string, Settings>;
  readonly environment: Settings;
  readonly file: Settings;
  /** Relative paths start here; absolute. */
  readonly folder: string;
}

/** A value that is there, which may be that there is no limit; undefined where nothing valid is. */
export type Value = { readonly is: unknown } | undefined;

/** Finds what is in force for a domain, or (undefined) for every domain without a table of its own. */
export function find<O extends Option>(layers: Layers, domain: string | undefined, option: O): Found<O> {
  const setting = settingOf(layers, domain, option);
  const value = lookUp(layers, domain, option);
  // Settings hold what the schema of their own option gave.
  return {
    ...(setting === undefined ? {} : { setting }),
    ...(value === undefined ? {} : { value: { is: value.is as InForce<O> } }),
  };
}

/** How an option was given for a domain; undefined for a default. */
export function settingOf(layers: Layers, domain: string | undefined, option: Option): Setting | undefined {
  const name = nameOf(option);
  const own = domain === undefined ? undefined : layers.domains.get(domain)?.get(name);
  return own ?? layers.environment.get(name) ?? layers.file.get(name);
}

/** What an option comes to for a domain. */
export function lookUp(layers: Layers, domain: string | undefined, option: Option): Value {
  const setting = settingOf(layers, domain, option);
  const others = (other: Option) => lookUp(layers, domain, other);
  const about = { domain, folder: layers.folder };
  if (setting === undefined) return defaultOf(option, others, about);
  return setting.isValid ? applied(option, setting.value, others, about) : undefined;
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
