import { resolve } from "node:path";
import { loadConfig } from "../../config/load.ts";
import { variableOf } from "../../config/options/table.ts";
import { DEFAULT_SOCKET, sendCommand } from "../../ops/control.ts";
import type { Arguments, CommandIo } from "../command.ts";

/**
 * `slotd reload`: has the running slotd read its configuration anew, and prints what it says.
 * Ends with 1 when it refused the configuration, or when no slotd runs.
 */
export async function run(args: Arguments, io: CommandIo): Promise<number> {
  const { isDone, text } = await sendCommand(socketOf(args, io), "reload");
  if (isDone) io.stdout(`${text}\n`);
  else io.stderr(`${text}\n`);
  return isDone ? 0 : 1;
}

/** Where the running slotd listens. Its configuration may be broken just now, so that is no reason to stop. */
function socketOf(args: Arguments, io: CommandIo): string {
  const named = args.text("socket") ?? io.env[variableOf("ops.socket")];
  if (named !== undefined) return resolve(io.cwd, named);
  const result = loadConfig({ file: args.text("config"), env: io.env, cwd: io.cwd });
  return (result.ok ? result.config.ops.socket : undefined) ?? DEFAULT_SOCKET;
}
