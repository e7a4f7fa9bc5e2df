import { isDeepStrictEqual } from "node:util";
import type { Config, DomainConfig, NamedConfig } from "../config.ts";
import { defaultOf } from "../in-force.ts";
import type { GivenAt } from "../load.ts";
import {
  anyName,
  type NamedTable,
  namedTableKeys,
  namedTableOf,
  type Where,
  withName,
} from "../options/named-table.ts";
import type { Option, TomlValue } from "../options/option.ts";
import { keyOf, nameOf, type OptionName, optionNames, optionOf, tableOf } from "../options/table.ts";
import type { Place } from "../problem.ts";
import { camelCase, valueIn } from "../tables.ts";
import { tomlText } from "./toml-text.ts";

/** What stands in the place of a secret. */
const redacted = "(redacted)";

/** Where nothing is known of what set an option. */
const nowhere: GivenAt = () => undefined;

/** One option as it is in force. */
export interface ConfigValue {
  /** Its dotted name; in a table with a name with that of the table: `former.old.kind`. */
  readonly name: string;
  /** The domain that it is in force for; absent for what is the same for all domains. */
  readonly domain?: string;
  /** As TOML has it; "(redacted)" for a secret. */
  readonly value: TomlValue;
  /** Whether that is the default; a secret has none. */
  readonly isDefault: boolean;
  /** The file and line, or the variable, that sets it; absent where nothing does. */
  readonly setIn?: string;
}

/** Every option that is in force: those of all domains, those of each domain, and those of each table with a name. */
export function configValues(config: Config, givenAt: GivenAt): ConfigValue[] {
  const names = optionNames.filter((name) => name !== "domains" && namedTableOf(name) === undefined);
  const valuesIn = (tables: Config | DomainConfig, domain?: string) =>
    names
      .filter((name) => optionOf(name).isPerDomain === (domain !== undefined))
      .flatMap(
        (name) => valueOfOption(name, { tables, where: domain, folder: config.folder }, givenAt) ?? [],
      );
  const domains: ConfigValue = {
    name: "domains",
    value: config.domains.map(({ domain }) => domain),
    isDefault: false,
    ...setIn(givenAt("domains", undefined)),
  };
  return [
    domains,
    ...valuesIn(config),
    ...config.domains.flatMap((own) => valuesIn(own, own.domain)),
    ...namedValues(config, givenAt),
  ];
}

function namedValues(config: Config, givenAt: GivenAt): ConfigValue[] {
  const { folder } = config;
  const domains = config.domains.map(({ domain }) => domain);
  const valuesOf = (table: NamedTable, own: Pick<NamedConfig<NamedTable>, "name" | "domain">) => {
    // What its defaults depend on is in force for its domain.
    const others = config.domains.find(({ domain }) => domain === own.domain) ?? config;
    const tables = { ...others, domains, [camelCase(table)]: { [anyName]: own } };
    const shown = { tables, where: { table, name: own.name }, folder };
    return optionNames
      .filter((name) => namedTableOf(name) === table)
      .flatMap((name) => valueOfOption(name, shown, givenAt) ?? []);
  };
  return namedTableKeys.flatMap((table) => config[table].flatMap((own) => valuesOf(table, own)));
}

/**
 * Writes what is in force as TOML that slotd would read: what is the same for all domains, then one table for each
 * domain, and "(redacted)" for each secret. `# default` follows a value that is the default, with the place that sets
 * it where one does. Ends with a line break.
 */
export function describeConfig(config: Config, givenAt: GivenAt = nowhere): string {
  // What stands at the top must come before the first table.
  const blocks = new Map<string, string[]>([["", []]]);
  for (const shown of configValues(config, givenAt)) {
    const path = shown.domain === undefined ? [] : ["domain", JSON.stringify(shown.domain)];
    const table = tableOf(shown.name);
    const header = [...path, ...(table === "" ? [] : [table])].join(".");
    blocks.set(header, [...(blocks.get(header) ?? [`[${header}]`]), lineOf(shown)]);
  }
  return [...blocks.values()].map((lines) => `${lines.join("\n")}\n`).join("\n");
}

interface Shown {
  /** The values that are in force. */
  readonly tables: object;
  readonly where: Where;
  readonly folder: string;
}

function lineOf({ name, value, isDefault, setIn }: ConfigValue): string {
  const place = setIn === undefined ? "" : `, set in ${setIn}`;
  return `${keyOf(name)} = ${tomlText(value)}${isDefault ? ` # default${place}` : ""}`;
}

/** An option and what is in force of it; undefined where nothing is. */
function valueOfOption(
  name: OptionName,
  { tables, where, folder }: Shown,
  givenAt: GivenAt,
): ConfigValue | undefined {
  const option = optionOf(name);
  const value = valueIn(tables, name);
  const shown = written(option, value);
  if (shown === undefined) return undefined;
  const others = (other: Option) => ({ is: valueIn(tables, nameOf(other)) });
  const domain = typeof where === "string" ? where : undefined;
  const fallback = shown === redacted ? undefined : defaultOf(option, others, { domain, folder });
  const isDefault = isDeepStrictEqual(fallback, { is: value });
  const isText = isDefault && typeof option.default === "string" && option.apply === undefined;
  return {
    name: typeof where === "object" ? withName(name, where) : name,
    ...(domain === undefined ? {} : { domain }),
    value: isText ? (option.default ?? shown) : shown,
    isDefault,
    ...setIn(givenAt(name, where)),
  };
}

function setIn(place: Place | undefined): { readonly setIn?: string } {
  if (place === undefined || place.kind === "nowhere") return {};
  if (place.kind === "environment") return { setIn: place.variable };
  return { setIn: place.line === undefined ? place.file : `${place.file}:${place.line}` };
}

function written(option: Option, value: unknown): TomlValue | undefined {
  if (option.write !== undefined) return option.write(value);
  if (option.isSecret && value !== undefined) return redacted;
  // What needs no writing of its own is a value of TOML, or absent.
  return value as TomlValue | undefined;
}
