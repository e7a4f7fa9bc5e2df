import type { Command, Operand } from "./command.ts";
import { commands } from "./commands.ts";

/** The help of slotd as a whole. */
export function generalHelp(): string {
  const rows = [
    ...commands.map(({ name, summary }): Row => [name, summary]),
    ["help COMMAND", "Prints the help of a command."] as const,
  ];
  return `slotd: HTTP File Upload (XEP-0363) for any XMPP server.

Usage: slotd COMMAND [OPTION]...

Commands:
${table(rows)}

Options:
${table([
  ["-h, --help", "Prints this help or, after a command, the help of that command."],
  ["-V, --version", "Prints the version."],
])}

To start: "slotd init --domain example.org", then "slotd serve". docs/options.md lists every option.
`;
}

/** More options than these make a usage line that nobody reads; the list below it has them all. */
const mostCalls = 8;

/** The help of one command. */
export function commandHelp({ name, summary, options, operands = [] }: Command): string {
  const usage = options.map((option) => {
    const call = callOf(option) + (option.isRepeatable === true ? "..." : "");
    return option.isRequired === true ? call : `[${call}]`;
  });
  const words = [name, ...operands.map(operandCall), ...(usage.length > mostCalls ? ["[OPTION]..."] : usage)];
  const rows = [
    ...operands.map(({ value, summary }): Row => [value, summary]),
    ...options.map((option): Row => [callOf(option), option.summary]),
    ["--help", "Prints this help."] as const,
  ];
  return `${summary}\n\nUsage: slotd ${words.join(" ")}\n\nOptions:\n${table(rows)}\n`;
}

/** As it stands in the usage of a command: in brackets where it may be left out. */
export function operandCall({ value, isOptional }: Operand): string {
  return isOptional === true ? `[${value}]` : value;
}

type Row = readonly [string, string];

function callOf({ name, value }: Command["options"][number]): string {
  return value === undefined ? `--${name}` : `--${name} ${value}`;
}

function table(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
}
