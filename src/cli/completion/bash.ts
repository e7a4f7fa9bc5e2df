import type { Command, CommandOption } from "../command.ts";
import { generalOptions, takesFiles, valueKindOf, wordsOf } from "./words.ts";

/**
 * Writes the completion for bash 4 and later. It needs no helper of the package bash-completion.
 *
 * @param commands their names, options and choices are words that a shell takes as they are.
 */
export function bashCompletion(commands: readonly Command[]): string {
  const names = [...commands.map(({ name }) => name), "help"];
  return `# bash completion for slotd: source <(slotd completion bash)
_slotd() {
    local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]}
    # bash splits "--config=x" at the "=".
    if [[ $cur == "=" ]]; then
        cur=""
    elif [[ $prev == "=" ]]; then
        prev=\${COMP_WORDS[COMP_CWORD - 2]}
    fi
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "${[...names, ...generalOptions].join(" ")}" -- "$cur")
        return
    fi
    case "\${COMP_WORDS[1]} $prev" in
${commands.flatMap(valueCases).join("\n")}
    esac
    case "\${COMP_WORDS[1]}" in
${commands.map((command) => branch(command.name, ...operandLines(command))).join("\n")}
${branch("help", compgen(names))}
    esac
}
complete -F _slotd slotd
`;
}

/** What completes the value of each option that takes one. */
function valueCases({ name, options }: Command): string[] {
  return options
    .filter(({ value }) => value !== undefined)
    .map((option) => branch(`"${name} --${option.name}"`, ...valueLines(option), "return"));
}

function valueLines(option: CommandOption): string[] {
  switch (valueKindOf(option)) {
    case "file":
      return ["compopt -o filenames", 'mapfile -t COMPREPLY < <(compgen -f -- "$cur")'];
    case "folder":
      return ["compopt -o filenames", 'mapfile -t COMPREPLY < <(compgen -d -- "$cur")'];
    case "choice":
      return [compgen(option.choices ?? [])];
    case "text":
    case "none":
      return [];
  }
}

function operandLines(command: Command): string[] {
  const words = compgen(wordsOf(command));
  if (!takesFiles(command)) return [words];
  return [
    "compopt -o filenames",
    words,
    `mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur")`,
  ];
}

function compgen(words: readonly string[]): string {
  return `mapfile -t COMPREPLY < <(compgen -W "${words.join(" ")}" -- "$cur")`;
}

function branch(pattern: string, ...lines: readonly string[]): string {
  return [`    ${pattern})`, ...lines.map((line) => `        ${line}`), "        ;;"].join("\n");
}
