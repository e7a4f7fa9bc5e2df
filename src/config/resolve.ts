import { checkMandatory } from "./check-mandatory.ts";
import type { Config, DomainConfig } from "./config.ts";
import { exampleFor } from "./example.ts";
import { find, type Layers, lookUp, settingOf } from "./in-force.ts";
import type { GivenAt, Rules } from "./options/rule.ts";
import { nameOf, optionNames, optionOf, options, rules, tableOf } from "./options/table.ts";
import type { Problem } from "./problem.ts";
import { placeOf } from "./sources/secret-file.ts";
import { tablesOf } from "./tables.ts";
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
  const scopeOf = <Domain extends string | undefined>(domain: Domain) => ({
    domain,
    find: ((option) => find(layers, domain, option)) as Rules["whole"]["find"],
  });
  return {
    domains: domains.map(scopeOf),
    whole: scopeOf(undefined),
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
  const names = optionNames.filter((name) => name !== "domains");
  const global = names.filter((name) => !optionOf(name).isPerDomain);
  const inForce = (domain: string | undefined, some: typeof names) =>
    tablesOf(some, {
      lookUp: (option) => lookUp(layers, domain, option),
      fileOf: (option) => settingOf(layers, domain, option)?.file,
    });
  // The types are made from the same table by the same rule.
  const own = domains.map((domain) => ({ ...inForce(domain, names), domain }) as unknown as DomainConfig);
  return { ...inForce(undefined, global), domains: own, folder: layers.folder } as unknown as Config;
}
