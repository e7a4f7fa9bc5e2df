import type { Command } from "./command.ts";
import { commands } from "./commands.ts";
import { exitCodes } from "./exit-codes.ts";
import { operandCall } from "./help.ts";
import { jsonKeys } from "./json-keys.ts";

/** Writes the reference of all commands, docs/commands.md, from their table. */
export function commandsReference(): string {
  const codes = exitCodes.map(({ code, meaning }) => `| ${code} | ${cell(meaning)} |`);
  return `# Commands

<!-- Made from src/cli/ by scripts/commands-doc.ts: change it there. -->

\`slotd help COMMAND\` prints the options of a command, and the manual page slotd(1) has the options of all commands. \`slotd
completion\` prints the completion script for bash, zsh and fish; the Debian package installs it.

## Exit codes

| code | meaning |
|---|---|
${codes.join("\n")}

Commands print results to standard output and errors to standard error.

## JSON

Every command that prints facts accepts \`--json\`. The keys below are part of the interface: a release may add keys, and
CHANGELOG.md lists changed and removed keys. \`[]\` marks each object of a list. A key without a value is absent. If the
configuration has a problem, standard output is empty and the exit code is 1; \`slotd check\` reports the problem as a
finding.

${commands.map(section).join("\n\n")}
`;
}

function section(command: Command): string {
  const { name, summary, operands = [] } = command;
  const rows = Object.entries(jsonKeys[name] ?? {}).map(
    ([key, meaning]) => `| \`${key}\` | ${cell(meaning)} |`,
  );
  const table = rows.length === 0 ? "" : `\n\n| key of \`--json\` | |\n|---|---|\n${rows.join("\n")}`;
  return `## \`slotd ${[name, ...operands.map(operandCall)].join(" ")}\`\n\n${summary}\n\n${options(command)}${table}`;
}

function options({ options, operands = [] }: Command): string {
  const rows = [
    ...operands.map(({ value, summary }) => `| \`${cell(value)}\` | ${cell(summary)} |`),
    ...options.map(
      ({ name, value, summary, isRequired }) =>
        `| \`--${name}${value === undefined ? "" : ` ${value}`}\` | ${cell(summary)}${isRequired === true ? " Required." : ""} |`,
    ),
  ];
  return ["| option | |", "|---|---|", ...rows].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
