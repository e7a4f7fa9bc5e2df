import type { Command, CommandOption } from "../command.ts";

/** What may stand where an option wants its value. */
export type ValueKind = "none" | "file" | "folder" | "choice" | "text";

/** What kind of value an option takes, for shells that complete it. */
export function valueKindOf({ value, choices }: CommandOption): ValueKind {
  if (value === undefined) return "none";
  if (choices !== undefined) return "choice";
  if (value === "FILE" || value === "PATH") return "file";
  return value === "FOLDER" ? "folder" : "text";
}

/** The words that may follow a command: its operand's choices, its options and `--help`. */
export function wordsOf({ options, operand }: Command): string[] {
  return [...(operand?.choices ?? []), ...options.map(({ name }) => `--${name}`), "--help"];
}

/** What may stand in the place of a command. */
export const generalOptions = ["--help", "--version"] as const;
