import { type Level, type Logger, pino, stdSerializers } from "pino";
import { printable, printableJson } from "../slot/printable.ts";

export type { Logger } from "pino";

export interface LogOptions {
  readonly level: Level;
  readonly format: "text" | "json";
}

/** The log and what a reload may change about it. */
export interface Log {
  readonly logger: Logger;
  /** Goes by other options from the next line on. */
  use(options: LogOptions): void;
}

/** The most of one text that a line keeps, and of a stack; characters. */
const mostOf = { text: 1_000, stack: 8_000 };

/** The most values of a list or of a table of fields that a line keeps. */
const mostValues = 50;

/**
 * The log: one line an event, as JSON or as text for a terminal. Neither secrets nor signatures nor whole URLs
 * are given to it; what the system puts into its errors is shortened where it may hold a token.
 *
 * Whatever a stranger has brought into a message or a field, it stays within its place: as text nothing unprintable is
 * written, and a value in which another field could be read is in quotes; as JSON it is written out as JSON does. Of
 * one text no more than its beginning is kept.
 *
 * @param write gets whole lines, each with its line break.
 */
export function createLog(options: LogOptions, write: (line: string) => void): Log {
  let { format } = options;
  const destination = { write: (line: string) => write(format === "json" ? compact(line) : readable(line)) };
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
    },
    destination,
  );
  return {
    logger,
    use(next) {
      logger.level = next.level;
      format = next.format;
    },
  };
}

/**
 * Shortens what could be a token in a text, since whoever knows a token may fetch its file: the errors of node:fs
 * carry whole paths. Hex of 16 digits and more keeps its first eight, as `shortToken` does.
 */
export function withoutTokens(text: string): string {
  return text.replace(/[0-9a-f]{16,}/gi, (hex) => `${hex.slice(0, 8)}…`);
}

/** What the log says of an error, and of its causes. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return withoutTokens(String(error));
  return shortened(stdSerializers.errWithCause(error));
}

function shortened(value: unknown): unknown {
  if (typeof value === "string") return withoutTokens(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(shortened);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shortened(part)]));
}

/** A line of JSON whose texts are short; mostly it is already. */
function compact(line: string): string {
  if (line.length <= mostOf.text) return printableJson(line);
  return `${printableJson(JSON.stringify(cut(JSON.parse(line))))}\n`;
}

function cut(value: unknown, name = ""): unknown {
  if (typeof value === "string") {
    const most = name === "stack" ? mostOf.stack : mostOf.text;
    return value.length > most ? `${value.slice(0, most)}…` : value;
  }
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.slice(0, mostValues).map((part) => cut(part));
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, mostValues)
      .map(([key, part]) => [key, cut(part, key)]),
  );
}

/** `12:34:56 warn  The message (key=value ...)`, and a stack below it where there is one, indented. */
function readable(line: string): string {
  const { level, time, msg, err, ...fields }: Record<string, unknown> = JSON.parse(line);
  const clock = String(time).slice(11, 19);
  const details = Object.entries(fields)
    .slice(0, mostValues)
    .map(([key, value]) => `${printable(key)}=${valueText(value)}`);
  const stack = typeof err === "object" && err !== null && "stack" in err ? stackText(String(err.stack)) : "";
  const about = details.length > 0 ? ` (${details.join(" ")})` : "";
  return `${clock} ${String(level).padEnd(5)} ${printable(String(msg), mostOf.text)}${about}${stack}\n`;
}

/** What could be taken for more than one value is in quotes. */
function valueText(value: unknown): string {
  const text = printable(typeof value === "string" ? value : JSON.stringify(value), mostOf.text);
  return typeof value === "string" && /[\s"=()]|^$/.test(text) ? JSON.stringify(text) : text;
}

/** No line of it begins as one of the log does. */
function stackText(stack: string): string {
  const lines = stack.slice(0, mostOf.stack).split("\n");
  return lines.map((line) => `\n    ${printable(line.trimStart(), mostOf.text)}`).join("");
}
