import type { Command, CommandOption } from "../command.ts";

/** What may stand where an option wants its value. */
export type ValueKind = "none" | "file" | "folder" | "choice" | "text";

/** What kind of value an option takes, for shells that complete it. */
export function valueKindOf({ value, choices }: Pick<CommandOption, "value" | "choices">): ValueKind {
  if (value === undefined) return "none";
  if (choices !== undefined) return "choice";
  if (value === "FILE" || value === "PATH" || value === "LIST") return "file";
  return value === "FOLDER" ? "folder" : "text";
}

/** Whether one of a command's operands is a file or folder. */
export function takesFiles({ operands = [] }: Command): boolean {
  return operands.some((operand) => valueKindOf(operand) === "file");
}

/** The words that may follow a command: its operands' choices, its options and `--help`. */
export function wordsOf({ options, operands = [] }: Command): string[] {
  return [
    ...operands.flatMap(({ choices = [] }) => choices),
    ...options.map(({ name }) => `--${name}`),
    "--help",
  ];
}

/** What may stand in the place of a command. */
export const generalOptions = ["--help", "--version"] as const;
