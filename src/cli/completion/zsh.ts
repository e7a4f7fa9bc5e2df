import type { Command, CommandOption } from "../command.ts";
import { valueKindOf } from "./words.ts";

/** Writes the completion for zsh: a file _slotd in a folder of $fpath, or the input of source. */
export function zshCompletion(commands: readonly Command[]): string {
  const help = { name: "help", summary: "Prints the help of a command." };
  const described = [...commands, help].map(({ name, summary }) => `        ${quoted(`${name}:${summary}`)}`);
  return `#compdef slotd
# zsh completion for slotd: slotd completion zsh > "\${fpath[1]}/_slotd"

_slotd_commands() {
    local -a commands=(
${described.join("\n")}
    )
    _describe -t commands command commands
}

_slotd() {
    local curcontext="$curcontext" state line
    typeset -A opt_args
    _arguments -C \\
        '(- *)--help[Prints the help.]' \\
        '(- *)--version[Prints the version.]' \\
        '1:command:_slotd_commands' \\
        '*::argument:->argument'
    [[ $state == argument ]] || return
    case $words[1] in
${commands.map(branch).join("\n")}
        help)
            _arguments '1:command:_slotd_commands'
            ;;
    esac
}

if [[ $funcstack[1] == _slotd ]]; then
    _slotd "$@"
else
    compdef _slotd slotd
fi
`;
}

function branch({ name, options, operands = [] }: Command): string {
  const specs = [
    ...options.map(specOf),
    "'(- *)--help[Prints this help.]'",
    ...operands.map((operand, at) => {
      const action = valueKindOf(operand) === "file" ? "_files" : actionOf(operand.choices);
      return quoted(`${at + 1}:${operand.value}:${action}`);
    }),
  ];
  return `        ${name})\n            _arguments ${specs.map((spec) => `\\\n                ${spec}`).join(" ")}\n            ;;`;
}

/** One option as _arguments takes it: '--config=[Its summary.]:FILE:_files'. */
function specOf(option: CommandOption): string {
  const { name, value, summary, isRepeatable, choices } = option;
  const kind = valueKindOf(option);
  const action = kind === "file" ? "_files" : kind === "folder" ? "_files -/" : actionOf(choices);
  const text = summary.replace(/[[\]:\\]/g, "\\$&");
  const many = isRepeatable === true ? "*" : "";
  return quoted(
    `${many}--${name}${value === undefined ? "" : "="}[${text}]${value === undefined ? "" : `:${value}:${action}`}`,
  );
}

function actionOf(choices: readonly string[] | undefined): string {
  return choices === undefined ? " " : `(${choices.join(" ")})`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
