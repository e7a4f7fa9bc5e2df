import { nearest } from "../config/suggest.ts";
import { version } from "../version.ts";
import { parseArguments } from "./arguments.ts";
import { type Command, type CommandIo, UsageError } from "./command.ts";
import { commands } from "./commands.ts";
import { commandHelp, generalHelp } from "./help.ts";

/**
 * Carries out a command line.
 *
 * @param words what follows the program's name.
 * @returns the exit code: 0 done, 1 could not be done, 2 the command line is wrong.
 */
export async function main(words: readonly string[], io: CommandIo): Promise<number> {
  try {
    return await dispatch(words, io);
  } catch (error) {
    if (error instanceof UsageError) {
      io.stderr(`slotd: ${error.message}\n${whereToLook(error.command)}\n`);
      return 2;
    }
    io.stderr(`slotd: ${failureText(error)}\n`);
    return 1;
  }
}

async function dispatch(words: readonly string[], io: CommandIo): Promise<number> {
  const [first, ...rest] = words;
  if (first === undefined) throw new UsageError("a command is missing");
  if (first === "--version" || first === "-V" || first === "version") return say(io, `slotd ${version}\n`);
  if (first === "--help" || first === "-h") return say(io, generalHelp());
  if (first === "help") return say(io, helpAbout(rest));
  const command = commandNamed(first);
  if (rest.includes("--help") || rest.includes("-h")) return say(io, commandHelp(command));
  try {
    return await command.run(parseArguments(command, rest), io);
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(error.message, command) : error;
  }
}

/** The help of the command that is named; of slotd as a whole for `help`, `help --help` and `help help`. */
function helpAbout([name = "help"]: readonly string[]): string {
  if (["help", "--help", "-h", "version"].includes(name)) return generalHelp();
  return commandHelp(commandNamed(name));
}

function say(io: CommandIo, text: string): number {
  io.stdout(text);
  return 0;
}

function commandNamed(name: string): Command {
  const command = commands.find((known) => known.name === name);
  if (command !== undefined) return command;
  const isOption = name.startsWith("-");
  const known = isOption
    ? ["--help", "--version", "-h", "-V"]
    : [...commands.map((each) => each.name), "help", "version"];
  const meant = nearest(name, known);
  const hint = meant === undefined ? "" : `; did you mean "${meant}"?`;
  throw new UsageError(`unknown ${isOption ? "option" : "command"} "${name}"${hint}`);
}

function whereToLook(command: Command | undefined): string {
  if (command !== undefined) return `"slotd help ${command.name}" shows its options.`;
  return '"slotd --help" lists the commands.';
}

/** What the system refused has a code and a message for people; anything else is a fault, and its trace helps. */
function failureText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error ? error.message : (error.stack ?? error.message);
}
