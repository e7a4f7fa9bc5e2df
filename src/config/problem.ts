/** Where a problem is. */
export type Place =
  /** `line` from 1, `column` from 1 in UTF-16 units; `source` is that line, absent when it may hold a secret. */
  | {
      readonly kind: "file";
      readonly file: string;
      readonly line?: number;
      readonly column?: number;
      readonly source?: string;
    }
  | { readonly kind: "environment"; readonly variable: string }
  /** No file was read: the environment is all there is. */
  | { readonly kind: "nowhere" };

/** One thing that is wrong with a configuration. No field ever holds a secret. */
export interface Problem {
  readonly place: Place;
  /** The dotted name, such as "s3.region"; for one domain `domain."example.net".s3.region`; "" for the whole file. */
  readonly key: string;
  readonly expected: string;
  /** What was there instead; absent when nothing was, and for secrets. */
  readonly got?: string;
  /** What to do, as whole sentences. */
  readonly advice?: string;
  /** A line that would be right there. */
  readonly example?: string;
}

/**
 * Writes problems for people, as compilers do: the place, the key, what was expected, what came and an example,
 * with the line of the file beneath. Ordered by line; without a line break at its end.
 */
export function formatProblems(problems: readonly Problem[]): string {
  return [...problems]
    .sort((a, b) => rank(a) - rank(b))
    .map(formatProblem)
    .join("\n");
}

/** JSON's escapes leave out those above U+007E, which steer some terminals too. */
function withoutControls(text: string): string {
  return text.replace(
    /\p{Cc}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function rank({ place }: Problem): number {
  if (place.kind === "file") return place.line ?? Number.MAX_SAFE_INTEGER - 1;
  return Number.MAX_SAFE_INTEGER;
}

function formatProblem({ place, key, expected, got, advice, example }: Problem): string {
  const sentence = `expected ${expected}${got === undefined ? "" : `, got ${got}`}.`;
  const start = [placeText(place, key), key, sentence].filter((part) => part !== "").join(": ");
  const text = [start, advice, example === undefined ? undefined : `Example: ${example}`];
  return withoutControls(text.filter((part) => part !== undefined).join(" ")) + sourceText(place);
}

function placeText(place: Place, key: string): string {
  if (place.kind === "environment") return place.variable;
  if (place.kind === "nowhere") return "slotd";
  const column = key === "" && place.column !== undefined ? `:${place.column}` : "";
  return place.file + (place.line === undefined ? "" : `:${place.line}${column}`);
}

function sourceText(place: Place): string {
  if (place.kind !== "file" || place.source === undefined || place.line === undefined) return "";
  const number = String(place.line);
  // A file is shown as it is, but must not steer the terminal.
  const source = place.source.replace(/[^\P{Cc}\t]/gu, "\uFFFD");
  const indent = place.source.slice(0, (place.column ?? 1) - 1).replace(/[^\t]/g, " ");
  const caret = place.column === undefined ? "" : `\n  ${" ".repeat(number.length)} | ${indent}^`;
  return `\n  ${number} | ${source}${caret}`;
}

/** Shows a value that is no secret in a message, shortened when it is long. */
export function show(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
