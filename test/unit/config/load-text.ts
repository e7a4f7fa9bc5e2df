import type { Config, DomainConfig } from "../../../src/config/config.ts";
import { type LoadResult, loadConfig } from "../../../src/config/load.ts";
import { formatProblems, type Problem } from "../../../src/config/problem.ts";

export interface World {
  readonly env?: Record<string, string>;
  /** Other files by absolute path; an Error is thrown when the file is read. */
  readonly files?: Record<string, string | Error>;
  readonly file?: string;
}

/** A file of /conf/slotd.toml that needs nothing more. */
export const minimal = 'domains = ["example.org"]\nbackend = "disk"\nxmpp.secret = "hush"\n';

/** Loads a text as /conf/slotd.toml, with /conf as the current folder; undefined: there is no such file. */
export function loadText(toml: string | undefined, { env = {}, files = {}, file }: World = {}): LoadResult {
  const all: Record<string, string | Error> = { ...files };
  if (toml !== undefined) all["/conf/slotd.toml"] = toml;
  const readFile = (path: string): string => {
    const content = all[path] ?? systemError("ENOENT");
    if (content instanceof Error) throw content;
    return content;
  };
  return loadConfig({ file, env, cwd: "/conf", readFile });
}

export function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

export function configOf(toml: string | undefined, world?: World): Config {
  const result = loadText(toml, world);
  if (!result.ok) throw new Error(formatProblems(result.problems));
  return result.config;
}

export function domainOf(toml: string | undefined, world?: World, index = 0): DomainConfig {
  return configOf(toml, world).domains[index]!;
}

export function warningsOf(toml: string, world?: World): readonly string[] {
  const result = loadText(toml, world);
  if (!result.ok) throw new Error(formatProblems(result.problems));
  return result.warnings;
}

export function problemsOf(toml: string | undefined, world?: World): readonly Problem[] {
  const result = loadText(toml, world);
  if (result.ok) throw new Error("expected problems");
  return result.problems;
}

/** The problems as they are printed. */
export function messageOf(toml: string | undefined, world?: World): string {
  return formatProblems(problemsOf(toml, world));
}

/** The printed problem of one line, without its source lines. */
export function messageAt(toml: string, line: number, world?: World): string {
  const start = `slotd.toml:${line}:`;
  return messageOf(toml, world)
    .split("\n")
    .filter((text) => text.startsWith(start))
    .join("\n");
}
