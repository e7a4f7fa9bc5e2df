import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { formatProblems } from "../config/problem.ts";
import type { Arguments, CommandIo } from "./command.ts";

/**
 * Loads the configuration that `--config`, or else the environment, names. Warnings go to standard error.
 *
 * @returns undefined when it has problems, which are then on standard error: the command ends with 1.
 */
export function loadOrReport(args: Arguments, io: CommandIo): Config | undefined {
  const result = loadConfig({ file: args.text("config"), env: io.env, cwd: io.cwd });
  if (result.ok) {
    for (const warning of result.warnings) io.stderr(`slotd: warning: ${warning}\n`);
    return result.config;
  }
  const count = result.problems.length;
  const summary = `slotd: the configuration has ${count === 1 ? "a problem" : `${count} problems`}.`;
  io.stderr(`${formatProblems(result.problems)}\n${summary}\n`);
  return undefined;
}
