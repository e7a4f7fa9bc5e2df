import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Config } from "./config.ts";
import { find, type Layers, settingOf } from "./in-force.ts";
import type { Where } from "./options/named-table.ts";
import { isOptionName, type OptionName, optionOf, options, tableNames } from "./options/table.ts";
import type { Place, Problem } from "./problem.ts";
import { resolveConfig } from "./resolve.ts";
import { fileVariable, settingsFromEnvironment } from "./sources/from-environment.ts";
import { type FileSettings, settingsFromFile } from "./sources/from-file.ts";
import { type Files, readText } from "./sources/secret-file.ts";
import { readToml } from "./sources/toml.ts";
import { nearest } from "./suggest.ts";

/** Where a configuration comes from. */
export interface Sources {
  /** The path that was asked for; it must exist. Absent: SLOTD_CONFIG, ./slotd.toml, /etc/slotd/slotd.toml or none. */
  readonly file?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Gives a file's text as UTF-8 and throws errors with the codes of node:fs, which it is unless given. */
  readonly readFile?: (path: string) => string;
}

export type LoadResult =
  | {
      readonly ok: true;
      readonly config: Config;
      /** Whole sentences on what works and is probably not wanted. */
      readonly warnings: readonly string[];
      /** The file that was read, as it was named; undefined when the environment was all there was. */
      readonly file: string | undefined;
      /** Where an option was given; undefined for a default. */
      readonly givenAt: GivenAt;
    }
  | {
      readonly ok: false;
      readonly problems: readonly Problem[];
      /** What is known of a running slotd all the same; absent where the file could not be read as TOML. */
      readonly known?: { readonly socket: string | undefined };
    };

/** Says where an option was given, by what it is in force for; undefined for a default. */
export type GivenAt = (name: OptionName, where: Where) => Place | undefined;

/**
 * Reads the whole configuration: a TOML file, the environment over it, a domain's own table over both, secrets
 * also from files of their own. Everything that is wrong comes back at once, as values.
 */
export function loadConfig({ file, env, cwd, readFile = readTextFile }: Sources): LoadResult {
  const named = file ?? (env[fileVariable] === "" ? undefined : env[fileVariable]);
  const source = readSource(named, cwd, readFile);
  if ("place" in source) return { ok: false, problems: [source] };
  const folder = source.file === undefined ? cwd : dirname(resolve(cwd, source.file));
  const files = { folder, readFile };
  const problems: Problem[] = [];
  const fromFile = readFileLayer(source, files, problems);
  if (fromFile === undefined) return { ok: false, problems };
  const layers: Layers = {
    file: fromFile.settings,
    environment: settingsFromEnvironment(env, files, problems),
    named: fromFile.named,
    domains: new Map([...fromFile.domains].map(([domain, { settings }]) => [domain, settings])),
    folder,
  };
  if (source.file === undefined && layers.environment.size === 0 && problems.length === 0) {
    return { ok: false, problems: [nothingFound(cwd)] };
  }
  const resolved = resolveConfig(layers, source.file, problems);
  checkDomainTables(fromFile, resolved.domains, problems);
  if (problems.length > 0 || resolved.config === undefined) {
    return {
      ok: false,
      problems,
      known: { socket: find(layers, undefined, options["ops.socket"]).value?.is },
    };
  }
  const { config, warnings } = resolved;
  const givenAt: GivenAt = (name, where) => settingOf(layers, where, optionOf(name))?.place;
  return { ok: true, config, warnings, file: source.file, givenAt };
}

/** Where a configuration file is looked for when none is named. */
const usualFiles = ["slotd.toml", "/etc/slotd/slotd.toml"];

function nothingFound(cwd: string): Problem {
  const [own, system] = usualFiles.map((file) => resolve(cwd, file));
  return {
    place: { kind: "nowhere" },
    key: "",
    expected: "a configuration file",
    got: `none: there is neither ${own} nor ${system}`,
    advice:
      'Make one with "slotd init", name another one with --config FILE or SLOTD_CONFIG, or set the options by SLOTD_ variables.',
  };
}

function readTextFile(path: string): string {
  return readFileSync(path, "utf8");
}

type Source = { readonly file: string; readonly text: string } | { readonly file: undefined };

function readSource(named: string | undefined, cwd: string, readFile: Files["readFile"]): Source | Problem {
  for (const file of named === undefined ? usualFiles : [named]) {
    const result = readText(resolve(cwd, file), { readFile });
    if ("text" in result) return { file, text: result.text };
    if (named !== undefined || !result.isAbsent) {
      return {
        place: { kind: "file", file },
        key: "",
        expected: "a configuration file that can be read",
        got: `an error: ${result.reason}`,
        ...(result.isAbsent ? { advice: 'Make one with "slotd init".' } : {}),
      };
    }
  }
  return { file: undefined };
}

function readFileLayer(source: Source, files: Files, problems: Problem[]): FileSettings | undefined {
  if (source.file === undefined) return { settings: new Map(), domains: new Map(), named: new Map() };
  const toml = readToml(source.text, source.file);
  if ("entries" in toml) return settingsFromFile(toml.entries, source, files, problems);
  problems.push(toml.problem);
  return undefined;
}

/** Each domain's own table must be for a served domain; not checked while `domains` itself is wrong. */
function checkDomainTables(
  file: FileSettings,
  served: readonly string[] | undefined,
  problems: Problem[],
): void {
  if (served === undefined) return;
  for (const [domain, { place, path }] of file.domains) {
    const next = path[2];
    const isUnquoted = next !== undefined && !tableNames.includes(next) && !isOptionName(next);
    if (served.includes(domain) || isUnquoted) continue;
    const meant = nearest(domain, served);
    problems.push({
      place,
      key: `domain.${JSON.stringify(path[1] ?? "")}`,
      expected: `a table for one of the domains served (${served.join(", ")})`,
      got: `one for ${JSON.stringify(path[1] ?? "")}`,
      advice:
        meant === undefined
          ? "Add it to domains, or remove its table."
          : `Did you mean ${JSON.stringify(meant)}?`,
    });
  }
}
