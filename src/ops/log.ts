import { type Level, type Logger, pino } from "pino";

export type { Logger } from "pino";

export interface LogOptions {
  readonly level: Level;
  readonly format: "text" | "json";
}

/**
 * The log: one line an event, as JSON or as text for a terminal. Neither secrets nor signatures nor whole URLs
 * are given to it.
 *
 * @param write gets whole lines, each with its line break.
 */
export function createLog(options: LogOptions, write: (line: string) => void): Logger {
  const destination = { write: options.format === "json" ? write : (line: string) => write(readable(line)) };
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
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
