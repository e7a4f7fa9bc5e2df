import { type AST, ParseError, parseTOML } from "toml-eslint-parser";
import type { Problem } from "../problem.ts";
import { nearest } from "../suggest.ts";

/** One key of a TOML file, with what stands there and where. */
export interface TomlEntry {
  /** The whole path from the top of the file. */
  readonly path: readonly string[];
  readonly value:
    | { readonly kind: "table" }
    | { readonly kind: "array of tables" }
    /** `raw` is a string, number, boolean, Date or array of such; `text` is it as written, on one line. */
    | { readonly kind: "value"; readonly raw: unknown; readonly text: string };
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  readonly lastLine: number;
}

/**
 * Reads TOML 1.0 into its keys, in the order of the file. Inline tables come as tables.
 * A syntax error is one problem; its source line is left out when it could hold a secret.
 *
 * @param withArrays whether the keys inside arrays of tables come too; slotd's own configuration has none.
 */
export function readToml(
  text: string,
  file: string,
  withArrays = false,
): { entries: TomlEntry[] } | { problem: Problem } {
  try {
    const [top] = parseTOML(text.replace(/^\uFEFF/, " "), { tomlVersion: "1.0.0" }).body;
    return { entries: top.body.flatMap((node) => entriesOf(node, [], text, withArrays)) };
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return { problem: syntaxProblem(error, text, file) };
  }
}

function entriesOf(
  node: AST.TOMLTable | AST.TOMLKeyValue,
  parent: readonly string[],
  text: string,
  withArrays: boolean,
): TomlEntry[] {
  const path = [...parent, ...node.key.keys.map((key) => (key.type === "TOMLBare" ? key.name : key.value))];
  const place = {
    path,
    line: node.loc.start.line,
    column: node.loc.start.column + 1,
    lastLine: node.loc.end.line,
  };
  if (node.type === "TOMLTable") {
    const header = { ...place, lastLine: place.line };
    const body = () => node.body.flatMap((child) => entriesOf(child, path, text, withArrays));
    if (node.kind === "array") {
      return [{ ...header, value: { kind: "array of tables" } }, ...(withArrays ? body() : [])];
    }
    return [{ ...header, value: { kind: "table" } }, ...body()];
  }
  if (node.value.type === "TOMLInlineTable") {
    const children = node.value.body.flatMap((child) => entriesOf(child, path, text, withArrays));
    return [{ ...place, value: { kind: "table" } }, ...children];
  }
  const written = text.slice(...node.value.range).replace(/\s+/g, " ");
  return [{ ...place, value: { kind: "value", raw: rawValue(node.value), text: written } }];
}

function rawValue(node: AST.TOMLContentNode): unknown {
  switch (node.type) {
    case "TOMLValue":
      return node.value;
    case "TOMLArray":
      return node.elements.map(rawValue);
    case "TOMLInlineTable":
      return {};
  }
}

function syntaxProblem(error: ParseError, text: string, file: string): Problem {
  const lines = linesOf(text);
  const source = lines[error.lineNumber - 1];
  const place = { kind: "file", file, line: error.lineNumber, column: error.column + 1 } as const;
  const isShown = source !== undefined && !mayHoldSecret(lines, error.lineNumber);
  return {
    place: isShown ? { ...place, source } : place,
    key: "",
    expected: "valid TOML 1.0",
    got: `an error: ${lowerFirst(error.message)}`,
    advice: syntaxAdvice(error.message),
  };
}

function syntaxAdvice(message: string): string {
  if (message.startsWith("Defining a key multiple times"))
    return "Keep one of the lines and remove the others.";
  return 'A text stands in double quotes, a list in brackets: key = "text", key = ["a", "b"].';
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Where a file cannot be parsed only its words tell: the line, or a long text begun before it, speaks of a secret. */
function mayHoldSecret(lines: readonly string[], line: number): boolean {
  if (speaksOfSecret(lines[line - 1] ?? "")) return true;
  return lines.slice(0, line - 1).some((text) => /"""|'''/.test(text) && speaksOfSecret(text));
}

function speaksOfSecret(line: string): boolean {
  if (/secret|passw|key/i.test(line)) return true;
  return line.split(/[^\w-]+/).some((word) => nearest(word, ["secret", "secret_access_key"]) !== undefined);
}

/** The lines of a text as an editor counts them. */
export function linesOf(text: string): string[] {
  return text.split(/\r\n|\n/);
}
