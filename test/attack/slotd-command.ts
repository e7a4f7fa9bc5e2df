import { join } from "node:path";
import { runToEnd } from "../peers/process.ts";
import { type Slotd, slotdUnderTest } from "../peers/slotd.ts";

/** Runs `slotd WORDS --json` beside a slotd that runs, and reads what it prints. */
export function commandOf(slotd: Slotd) {
  return async <Printed>(...words: readonly string[]): Promise<Printed> => {
    const { output } = await runToEnd({
      name: "command",
      command: [slotdUnderTest(), ...words, "--json", "--config", join(slotd.folder, "slotd.toml")],
    });
    return JSON.parse(output);
  };
}
