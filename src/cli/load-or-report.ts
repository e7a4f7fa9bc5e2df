import type { Config } from "../config/config.ts";
import { type LoadResult, loadConfig } from "../config/load.ts";
import { formatProblems, type Problem } from "../config/problem.ts";
import type { Arguments, CommandIo } from "./command.ts";
import { counted } from "./table.ts";

/** A configuration without problems. */
export type Loaded = Extract<LoadResult, { readonly ok: true }>;

/**
 * Loads the configuration that `--config`, or else the environment, names. Warnings go to standard error.
 *
 * @returns undefined when it has problems, which are then on standard error: the command ends with 1.
 */
export function loadedOrReport(args: Arguments, io: CommandIo): Loaded | undefined {
  const result = loadConfig({ file: args.text("config"), env: io.env, cwd: io.cwd });
  if (result.ok) {
    for (const warning of result.warnings) io.stderr(`slotd: warning: ${warning}\n`);
    return result;
  }
  io.stderr(`${problemsText(result.problems)}\n`);
  return undefined;
}

/** The configuration alone; see loadedOrReport(). */
export function loadOrReport(args: Arguments, io: CommandIo): Config | undefined {
  return loadedOrReport(args, io)?.config;
}

/** Every problem, and how many there are; without a line break at its end. */
export function problemsText(problems: readonly Problem[]): string {
  const count = problems.length === 1 ? "a problem" : counted(problems.length, "problem");
  return `${formatProblems(problems)}\nslotd: the configuration has ${count}.`;
}
