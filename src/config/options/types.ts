import { resolve } from "node:path";
import { z } from "zod";
import { type Bytes, MAX_FILE_SIZE, type Seconds } from "../../slot/slot.ts";
import {
  formatAddress,
  formatDuration,
  formatListen,
  parseAddress,
  parseBaseUrl,
  parseByteSize,
  parseCount,
  parseDuration,
  parseListen,
} from "../values.ts";
import { from, type TomlValue } from "./option.ts";

// What values of options are: how one is read, what it is in words, and how it is written. An entry begins with one.

/** A text that `parse` reads; what it does not read is a wrong value. */
export function text<T>(parse: (text: string) => T | undefined) {
  return z.string().transform((raw, context): T => {
    const value = parse(raw);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom" });
    return z.NEVER;
  });
}

const noLimit = z.enum(["infinity", "undefined"]).transform(() => undefined);
const limitText = (value: number | undefined): TomlValue => value ?? "infinity";
const bytes = z.union([z.int().min(1), noLimit, text(parseByteSize)]);

/** A number of bytes from 1, or undefined for no limit. */
export const byteSize = {
  schema: bytes,
  kind: "size",
  expected:
    'a number of bytes from 1, a text such as "50MiB" (B, KB, MB, GB, TB, KiB, MiB, GiB, TiB) or "infinity"',
  write: limitText,
} as const;

/** A number of bytes from 1 to the largest size of a file, or undefined for that. */
export const fileSize = {
  ...byteSize,
  schema: bytes.refine((size) => size === undefined || size <= MAX_FILE_SIZE),
  expected:
    'a number of bytes from 1, a text such as "50MiB" (B, KB, MB, GB, TB, KiB, MiB, GiB, TiB), at most "1TiB", or "infinity"',
} as const;

/** A number of bytes from 0, which is none. `sample` is such a value as text. */
export function byteSizeOrNone<Sample extends string>(sample: Sample) {
  return {
    schema: z.union([z.literal(0), bytes.transform((size): Bytes => size ?? 0)]),
    kind: "size",
    expected: `a number of bytes from 0, or a text such as "${sample}"`,
  } as const;
}

/** A whole number from 1, or undefined for no limit. */
export const count = {
  schema: z.union([z.int().min(1), noLimit, text(parseCount)]),
  kind: "size",
  expected: 'a whole number from 1 or "infinity"',
  write: limitText,
} as const;

/** A number of seconds from 1, or undefined for ever. */
export const duration = {
  schema: z.union([
    z.int().min(1),
    z.enum(["never", "infinity"]).transform(() => undefined),
    text(parseDuration),
  ]),
  kind: "size",
  expected: 'a number of seconds from 1, a text such as "30d" or "12h" (s, m, h, d, w, y), or "never"',
  write: (value: Seconds | undefined): TomlValue => (value === undefined ? "never" : formatDuration(value)),
} as const;

export const boolean = { schema: z.boolean(), kind: "boolean", expected: "true or false" } as const;

/** A whole number from `least` to `most`. `what` is what it counts, such as "number of seconds". */
export function integer(least: number, most: number, what = "number", why = "") {
  return {
    schema: z.int().min(least).max(most),
    kind: "integer",
    expected: `a whole ${what} from ${least} to ${most}${why === "" ? "" : ` (${why})`}`,
  } as const;
}

/** One of these words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(...words: Words) {
  const quoted = words.map((word) => JSON.stringify(word));
  return {
    schema: z.enum(words),
    kind: "text",
    expected: [quoted.slice(0, -1).join(", "), quoted.at(-1)].join(" or "),
  } as const;
}

/** A text that is not empty and never shown. */
export const secretText = {
  schema: z.string().min(1),
  kind: "text",
  expected: "a text that is not empty",
} as const;

/** A text without control characters. */
export const plainText = z.string().regex(/^[^\p{Cc}]+$/u);

const absolute = from(
  [],
  (_, { folder }) =>
    (given: string) =>
      resolve(folder, given),
);

/** The path of a file or folder; absolute once it is in force. `what` is what it leads to. */
export function path<What extends string>(what: What) {
  return {
    schema: z.string().regex(/^[^\0]+$/),
    kind: "text",
    expected: what,
    apply: absolute,
  } as const;
}

/** An http or https URL without user name, password, query and fragment. */
export const baseUrl = {
  schema: text(parseBaseUrl),
  kind: "text",
  expected: "an http or https URL without user name, password, query or fragment",
} as const;

/** The address of a server to connect to. */
export const address = {
  schema: text((raw) => parseAddress(raw, 1)),
  kind: "text",
  expected: '"host:port" with a port from 1 to 65535 (an IPv6 address in brackets)',
  write: formatAddress,
} as const;

/** What an HTTP server listens on; the path of a Unix socket is absolute once it is in force. */
export const listen = {
  schema: text(parseListen),
  kind: "text",
  expected:
    '"host:port" with a port from 0 to 65535 (0: any free port; an IPv6 address in brackets), or "unix:" and the path of a socket',
  write: formatListen,
  apply: from(
    [],
    (_, { folder }) =>
      (given: ReturnType<typeof parseListen> & {}) =>
        "unix" in given ? { unix: resolve(folder, given.unix) } : given,
  ),
} as const;
