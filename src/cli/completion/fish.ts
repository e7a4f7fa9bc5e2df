import type { Command, CommandOption } from "../command.ts";
import { takesFiles, valueKindOf } from "./words.ts";

/** Writes the completion for fish: a file slotd.fish in its folder completions, or the input of source. */
export function fishCompletion(commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name).join(" ");
  const lines = [
    "# fish completion for slotd: slotd completion fish > ~/.config/fish/completions/slotd.fish",
    "complete -c slotd -f",
    ...[...commands, { name: "help", summary: "Prints the help of a command." }].map(
      ({ name, summary }) => `complete -c slotd -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
    ),
    "complete -c slotd -n __fish_use_subcommand -l version -d 'Prints the version.'",
    "complete -c slotd -l help -d 'Prints the help.'",
    ...commands.flatMap(linesOf),
    `complete -c slotd -n '__fish_seen_subcommand_from help' -a ${quoted(names)}`,
  ];
  return `${lines.join("\n")}\n`;
}

function linesOf(command: Command): string[] {
  const { name, options, operands = [] } = command;
  const choices = operands.flatMap((operand) => operand.choices ?? []);
  const seen = `complete -c slotd -n '__fish_seen_subcommand_from ${name}'`;
  return [
    ...(choices.length === 0 ? [] : [`${seen} -a ${quoted(choices.join(" "))}`]),
    ...(takesFiles(command) ? [`${seen} -F`] : []),
    ...options.map((option) => `${seen} -l ${option.name}${argumentOf(option)} -d ${quoted(option.summary)}`),
  ];
}

function argumentOf(option: CommandOption): string {
  switch (valueKindOf(option)) {
    case "none":
      return "";
    case "file":
      return " -r -F";
    case "folder":
      return " -x -a '(__fish_complete_directories)'";
    case "choice":
      return ` -x -a ${quoted((option.choices ?? []).join(" "))}`;
    case "text":
      return " -x";
  }
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, "\\$&")}'`;
}
