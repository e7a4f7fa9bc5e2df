import { configValues, describeConfig } from "../../config/reference/describe.ts";
import type { Arguments, CommandIo } from "../command.ts";
import { loadedOrReport } from "../load-or-report.ts";
import { jsonText } from "../table.ts";

/** `slotd config`: prints the options in force, without secrets. */
export async function run(args: Arguments, io: CommandIo): Promise<number> {
  const loaded = loadedOrReport(args, io);
  if (loaded === undefined) return 1;
  const { config, file, givenAt } = loaded;
  if (args.has("json")) io.stdout(jsonText({ file, options: configValues(config, givenAt) }));
  else io.stdout(describeConfig(config, givenAt));
  return 0;
}
