import { type Level, type Logger, pino, stdSerializers } from "pino";

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

/**
 * The log: one line an event, as JSON or as text for a terminal. Neither secrets nor signatures nor whole URLs
 * are given to it; what the system puts into its errors is shortened where it may hold a token.
 *
 * @param write gets whole lines, each with its line break.
 */
export function createLog(options: LogOptions, write: (line: string) => void): Log {
  let { format } = options;
  const destination = { write: (line: string) => write(format === "json" ? line : readable(line)) };
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

/** `12:34:56 warn  The message (key=value ...)`, and a stack below it where there is one. */
function readable(line: string): string {
  const { level, time, msg, err, ...fields }: Record<string, unknown> = JSON.parse(line);
  const clock = String(time).slice(11, 19);
  const details = Object.entries(fields).map(
    ([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const stack = typeof err === "object" && err !== null && "stack" in err ? `\n${String(err.stack)}` : "";
  return `${clock} ${String(level).padEnd(5)} ${msg}${details.length > 0 ? ` (${details.join(" ")})` : ""}${stack}\n`;
}
