import type { Arguments, Command, CommandIo } from "../command.ts";
import { bashCompletion } from "../completion/bash.ts";
import { fishCompletion } from "../completion/fish.ts";
import { zshCompletion } from "../completion/zsh.ts";

const writers = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

/** `slotd completion`: prints the script that completes slotd's command line in a shell. */
export async function run(args: Arguments, io: CommandIo, commands: readonly Command[]): Promise<number> {
  // The table of commands takes these three words only.
  io.stdout(writers[args.operand as keyof typeof writers](commands));
  return 0;
}
