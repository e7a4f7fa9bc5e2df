import { describeConfig } from "../../config/reference/describe.ts";
import type { Arguments, CommandIo } from "../command.ts";
import { loadOrReport } from "../load-or-report.ts";

/** `slotd config`: prints the options in force, without secrets. */
export async function run(args: Arguments, io: CommandIo): Promise<number> {
  const config = loadOrReport(args, io);
  if (config === undefined) return 1;
  io.stdout(describeConfig(config));
  return 0;
}
