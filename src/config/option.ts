import { z } from "zod";
import { MAX_FILE_SIZE } from "../slot/slot.ts";
import { parseBaseUrl, parseByteSize, parseCount, parseDuration } from "./values.ts";

/** What one option is: read by the loader, the messages and the reference alike. */
export interface Option {
  /** Reads the value as TOML gives it; an environment variable's text is turned into that first, by `kind`. */
  readonly schema: z.ZodType;
  readonly kind: "text" | "integer" | "boolean" | "list" | "size";
  /** The type in words, with range and unit: what stands after "expected". */
  readonly expected: string;
  /** The value in force when none is given, as TOML would give it. */
  readonly default?: string | number | boolean | readonly string[];
  /** The same in words, where it depends on other options or on the system. */
  readonly defaultWords?: string;
  /** Where the option must be given. */
  readonly isMandatory: "always" | "for s3" | "no";
  /** It is mandatory only where this other option has this value. */
  readonly mandatoryWith?: { readonly name: string; readonly value: string };
  readonly unit?: string;
  readonly prose: string;
  /** As it stands in TOML after "=". */
  readonly example: string;
  /** Never shown, and readable from a file. */
  readonly isSecret: boolean;
  /** Readable from a file although it is no secret. */
  readonly hasFile?: boolean;
  /** Whether `[domain."example.net"]` may override it. */
  readonly isPerDomain: boolean;
}

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

/** A number of bytes from 1, or undefined for no limit. */
export const byteSize = z.union([z.int().min(1), noLimit, text(parseByteSize)]);

/** What a `byteSize` is, in words. */
export const expectedSize =
  'a number of bytes from 1, a text such as "50MiB" (B, KB, MB, GB, TB, KiB, MiB, GiB, TiB) or "infinity"';

/** A number of bytes from 1 to the largest size of a file, or undefined for that. */
export const fileSize = byteSize.refine((bytes) => bytes === undefined || bytes <= MAX_FILE_SIZE);

/** What a `fileSize` is, in words. */
export const expectedFileSize =
  'a number of bytes from 1, a text such as "50MiB" (B, KB, MB, GB, TB, KiB, MiB, GiB, TiB), at most "1TiB", or "infinity"';

/** A whole number from 1, or undefined for no limit. */
export const count = z.union([z.int().min(1), noLimit, text(parseCount)]);

/** What a `count` is, in words. */
export const expectedCount = 'a whole number from 1 or "infinity"';

/** A number of seconds from 1, or undefined for ever. */
export const duration = z.union([
  z.int().min(1),
  z.enum(["never", "infinity"]).transform(() => undefined),
  text(parseDuration),
]);

/** What a `duration` is, in words. */
export const expectedDuration =
  'a number of seconds from 1, a text such as "30d" or "12h" (s, m, h, d, w, y), or "never"';

/** What most options are: optional, no secret, and open to a domain's own value. */
export const perDomain = { isMandatory: "no", isSecret: false, isPerDomain: true } as const;

/** What options of slotd as a whole are: optional, no secret, the same for all domains. */
export const global = { isMandatory: "no", isSecret: false, isPerDomain: false } as const;

/** A text without control characters. */
export const plainText = z.string().regex(/^[^\p{Cc}]+$/u);

export const secret = z.string().min(1);

/** The path of a file or folder. */
export const path = z.string().regex(/^[^\0]+$/);

/** An http or https URL without user name, password, query and fragment. */
export const baseUrl = text(parseBaseUrl);
