import { nearest } from "../config/suggest.ts";
import { Arguments, type Command, type CommandOption, UsageError } from "./command.ts";

/**
 * Reads the words after a command's name: `--name value`, `--name=value` and `--name`.
 *
 * @throws {UsageError} for whatever the command does not take, and for what it needs and is not there.
 */
export function parseArguments(command: Command, words: readonly string[]): Arguments {
  const values = new Map<string, string[]>();
  const { operands: taken = [] } = command;
  const operands: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    const operand = taken[operands.length];
    if (operand !== undefined && !word.startsWith("-")) {
      if (operand.choices !== undefined) checkChoice(command, operand.value, operand.choices, word);
      operands.push(word);
      continue;
    }
    const option = optionNamed(command, word);
    const equals = word.indexOf("=");
    let value = equals < 0 ? undefined : word.slice(equals + 1);
    if (option.value === undefined) {
      if (value !== undefined) throw new UsageError(`--${option.name} takes no value`, command);
    } else if (value === undefined) value = words[++index];
    checkValue(command, option, value, equals >= 0);
    const before = values.get(option.name) ?? [];
    if (before.length > 0 && option.isRepeatable !== true) {
      throw new UsageError(`--${option.name} is given twice; "slotd ${command.name}" takes it once`, command);
    }
    values.set(option.name, [...before, value ?? ""]);
  }
  checkRequired(command, values);
  const missing = taken.slice(operands.length).filter(({ isOptional }) => isOptional !== true);
  if (missing.length > 0) {
    const words = missing.map(({ value }) => value).join(" and ");
    throw new UsageError(`"slotd ${command.name}" needs ${words}`, command);
  }
  return new Arguments(values, operands);
}

function optionNamed(command: Command, word: string): CommandOption {
  if (!word.startsWith("-")) {
    throw new UsageError(`unexpected "${word}"; "slotd ${command.name}" ${takesWhat(command)}`, command);
  }
  const name = word.replace(/^--?/, "").replace(/=.*$/s, "");
  const option = word.startsWith("--") ? command.options.find((known) => known.name === name) : undefined;
  if (option !== undefined) return option;
  const meant = nearest(
    name,
    command.options.map((known) => known.name),
  );
  const hint = meant === undefined ? "" : `; did you mean "--${meant}"?`;
  throw new UsageError(
    `unknown option "${word.replace(/=.*$/s, "")}" of "slotd ${command.name}"${hint}`,
    command,
  );
}

function takesWhat({ operands = [] }: Command): string {
  const words = operands.map(({ value }) => `one ${value}`).join(" and ");
  return words === "" ? "takes options only" : `takes ${words}`;
}

/** @param call what the value is called in the help. */
function checkChoice(command: Command, call: string, choices: readonly string[], value: string): void {
  if (choices.includes(value)) return;
  const meant = nearest(value, choices);
  const hint = meant === undefined ? "" : `; did you mean "${meant}"?`;
  throw new UsageError(`expected ${call} to be one of ${choices.join(", ")}, got "${value}"${hint}`, command);
}

function checkValue(
  command: Command,
  option: CommandOption,
  value: string | undefined,
  isJoined: boolean,
): void {
  if (option.value === undefined) return;
  const call = `--${option.name} ${option.value}`;
  if (value === undefined) throw new UsageError(`--${option.name} needs a value: ${call}`, command);
  if (!isJoined && value.startsWith("--")) {
    throw new UsageError(
      `--${option.name} needs a value, got the option "${value}"; if it is the value, write --${option.name}=${value}`,
      command,
    );
  }
  if (option.choices !== undefined) checkChoice(command, call, option.choices, value);
  if (option.range === undefined) return;
  const { min, max } = option.range;
  const isNumber = /^\d{1,16}$/.test(value) && Number(value) >= min && Number(value) <= max;
  if (!isNumber) {
    throw new UsageError(
      `expected ${call} to be a whole number from ${min} to ${max}, got "${value}"`,
      command,
    );
  }
}

function checkRequired(command: Command, values: ReadonlyMap<string, unknown>): void {
  const missing = command.options.filter((option) => option.isRequired === true && !values.has(option.name));
  if (missing.length === 0) return;
  const calls = missing.map((option) => `--${option.name} ${option.value ?? ""}`.trim());
  throw new UsageError(`"slotd ${command.name}" needs ${calls.join(" and ")}`, command);
}
