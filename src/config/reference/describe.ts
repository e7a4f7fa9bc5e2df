import { isDeepStrictEqual } from "node:util";
import type { Config, DomainConfig } from "../config.ts";
import { defaultOf } from "../in-force.ts";
import type { Option, TomlValue } from "../options/option.ts";
import { keyOf, nameOf, type OptionName, optionNames, optionOf, tableOf } from "../options/table.ts";
import { valueIn } from "../tables.ts";
import { tomlText } from "./toml-text.ts";

/** What stands in the place of a secret. */
const redacted = "(redacted)";

/**
 * Writes what is in force as TOML that slotd would read: what is the same for all domains, then one table for each
 * domain, `# default` after a value that is the default, and "(redacted)" for each secret. Ends with a line break.
 */
export function describeConfig(config: Config): string {
  const global = optionNames.filter((name) => name !== "domains" && !optionOf(name).isPerDomain);
  const perDomain = optionNames.filter((name) => optionOf(name).isPerDomain);
  const domains = config.domains.map(({ domain }) => domain);
  const blocks = [
    ...blocksOf(global, [], (name) => line(name, config, undefined, config.folder)),
    ...config.domains.flatMap((own) =>
      blocksOf(perDomain, ["domain", JSON.stringify(own.domain)], (name) =>
        line(name, own, own.domain, config.folder),
      ),
    ),
  ];
  const [top = "", ...rest] = blocks;
  return [`domains = ${tomlText(domains)}\n${top}`, ...rest].join("\n");
}

/** The lines of each table beneath its header. */
function blocksOf(
  names: readonly OptionName[],
  path: readonly string[],
  lineOf: (name: OptionName) => string | undefined,
): string[] {
  // What stands at the top must come before the first table.
  const blocks = new Map<string, string[]>(path.length === 0 ? [["", []]] : []);
  for (const name of names) {
    const text = lineOf(name);
    if (text === undefined) continue;
    const table = tableOf(name);
    const header = [...path, ...(table === "" ? [] : [table])].join(".");
    const block = blocks.get(header) ?? [`[${header}]`];
    blocks.set(header, [...block, text]);
  }
  return [...blocks.values()].map((lines) => `${lines.join("\n")}\n`);
}

/** An option and what is in force of it; undefined where nothing is. */
function line(
  name: OptionName,
  tables: Config | DomainConfig,
  domain: string | undefined,
  folder: string,
): string | undefined {
  const option = optionOf(name);
  const value = valueIn(tables, name);
  const shown = written(option, value);
  if (shown === undefined) return undefined;
  const others = (other: Option) => ({ is: valueIn(tables, nameOf(other)) });
  const fallback = shown === redacted ? undefined : defaultOf(option, others, { domain, folder });
  if (!isDeepStrictEqual(fallback, { is: value })) return `${keyOf(name)} = ${tomlText(shown)}`;
  const isText = typeof option.default === "string" && option.apply === undefined;
  return `${keyOf(name)} = ${tomlText(isText ? option.default : shown)} # default`;
}

function written(option: Option, value: unknown): TomlValue | undefined {
  if (option.write !== undefined) return option.write(value);
  if (option.isSecret && value !== undefined) return redacted;
  // What needs no writing of its own is a value of TOML, or absent.
  return value as TomlValue | undefined;
}
