import { checkMandatory } from "./check-mandatory.ts";
import type { Config, DomainConfig, NamedConfig } from "./config.ts";
import { exampleFor } from "./example.ts";
import { find, type Layers, lookUp, type NamedLayer, settingOf } from "./in-force.ts";
import {
  anyName,
  isNamedTable,
  type NamedTable,
  namedTableKeys,
  namedTableOf,
  type Where,
} from "./options/named-table.ts";
import type { GivenAt, Rules } from "./options/rule.ts";
import { nameOf, type OptionName, optionNames, optionOf, options, rules, tableOf } from "./options/table.ts";
import type { Problem } from "./problem.ts";
import { placeOf } from "./sources/secret-file.ts";
import { tablesOf, valueIn } from "./tables.ts";
import { warningsOf } from "./warnings.ts";

/** What the layers amount to. */
export interface Resolved {
  /** Absent when anything is wrong. */
  readonly config: Config | undefined;
  /** The domains served; undefined when `domains` is missing or wrong. */
  readonly domains: readonly string[] | undefined;
  readonly warnings: readonly string[];
}

/**
 * Makes the effective configuration of every domain, and adds a problem for each option that is missing or does
 * not fit another one.
 *
 * @param file the file as it was named.
 */
export function resolveConfig(layers: Layers, file: string | undefined, problems: Problem[]): Resolved {
  const domains = find(layers, undefined, options.domains).value?.is;
  checkMandatory(layers, domains ?? [], file, problems);
  const about = rulesFor(layers, domains ?? [], file, problems);
  for (const rule of rules) rule(about);
  if (problems.length > 0 || domains === undefined) return { config: undefined, domains, warnings: [] };
  const config = configOf(layers, domains);
  return { config, domains, warnings: warningsOf(config) };
}

function rulesFor(
  layers: Layers,
  domains: readonly string[],
  file: string | undefined,
  problems: Problem[],
): Rules {
  const told = new Set<GivenAt>();
  const finder = (where: Where) => ((option) => find(layers, where, option)) as Rules["whole"]["find"];
  return {
    domains: domains.map((domain) => ({ domain, find: finder(domain) })),
    whole: { domain: undefined, find: finder(undefined) },
    named: (table) =>
      isNamedTable(table)
        ? [...namedIn(layers, table)].map(([name, { at }]) => ({
            name,
            at,
            domain: undefined,
            find: finder({ table, name }),
          }))
        : [],
    breach(option, setting, { example, ...breach }) {
      if (setting !== undefined && told.has(setting)) return;
      if (setting !== undefined) told.add(setting);
      const name = nameOf(option);
      const { place, key } = setting ?? { place: placeOf(file), key: name };
      const shown = example && { example: exampleFor(nameOf(example), place, tableOf(name)) };
      problems.push({ place, key, ...breach, ...shown });
    },
  };
}

/** Called once every option that is mandatory was found to be there, and valid. */
function configOf(layers: Layers, domains: readonly string[]): Config {
  const names = optionNames.filter((name) => name !== "domains" && namedTableOf(name) === undefined);
  const global = names.filter((name) => !optionOf(name).isPerDomain);
  const named = namedTableKeys.map((table) => [table, namedTables(layers, table)] as const);
  const namedOf = (domain: string) =>
    named.map(([table, all]) => [table, all.filter((one) => one.domain === domain)] as const);
  // The types are made from the same table by the same rule.
  const own = domains.map(
    (domain) =>
      ({
        ...inForce(layers, domain, names),
        ...Object.fromEntries(namedOf(domain)),
        domain,
      }) as unknown as DomainConfig,
  );
  const whole = { ...inForce(layers, undefined, global), ...Object.fromEntries(named) };
  return { ...whole, domains: own, folder: layers.folder } as unknown as Config;
}

function inForce(layers: Layers, where: Where, names: readonly OptionName[]): object {
  return tablesOf(names, {
    lookUp: (option) => lookUp(layers, where, option),
    fileOf: (option) => settingOf(layers, where, option)?.file,
  });
}

function namedTables(layers: Layers, table: NamedTable): readonly NamedConfig<NamedTable>[] {
  const names = optionNames.filter((name) => namedTableOf(name) === table);
  return [...namedIn(layers, table).keys()].map((name) => {
    const values = valueIn(inForce(layers, { table, name }, names), `${table}.${anyName}`);
    return { ...(values as object), name } as NamedConfig<NamedTable>;
  });
}

function namedIn({ named }: Layers, table: NamedTable): ReadonlyMap<string, NamedLayer> {
  return named.get(table) ?? new Map();
}
