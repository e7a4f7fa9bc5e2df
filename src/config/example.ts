import { keyOf, type OptionName, optionOf, tableOf, variableOf } from "./options/table.ts";
import type { Place } from "./problem.ts";

/**
 * A line for an option that would be right where the problem is: TOML, or a variable for a problem outside files.
 *
 * @param table the one that the line stands in, its own when absent.
 */
export function exampleFor(name: OptionName, place: Place, table = tableOf(name)): string {
  const { example } = optionOf(name);
  if (place.kind === "file") return `${table === tableOf(name) ? keyOf(name) : name} = ${example}`;
  return exampleVariable(name);
}

function exampleVariable(name: OptionName): string {
  const { example, kind } = optionOf(name);
  const text =
    kind === "list"
      ? example.replace(/^\["|"\]$/g, "").replaceAll('", "', ",")
      : example.replace(/^"|"$/g, "");
  return `${variableOf(name)}=${/\s/.test(text) ? `"${text}"` : text}`;
}
