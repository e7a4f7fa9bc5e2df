import type { z } from "zod";

/** A value as TOML has it. */
export type TomlValue = string | number | boolean | readonly string[];

/** What there is beside the options when a value is put in force. */
export interface About {
  /** The served domain; undefined for what is the same for all domains. */
  readonly domain: string | undefined;
  /** Relative paths start here; absolute. */
  readonly folder: string;
}

/** Makes something of the values that other options have. */
export interface Derived<Result> {
  readonly needs: readonly Option[];
  /** @param values those of `needs`, in their order. */
  make(values: readonly unknown[], about: About): Result;
}

/** What one option is: its one entry, which loader, messages, effective configuration and reference go by. */
export interface Option {
  /** Reads the value as TOML gives it; an environment variable's text is turned into that first, by `kind`. */
  readonly schema: z.ZodType;
  readonly kind: "text" | "integer" | "boolean" | "list" | "size";
  /** The type in words, with range and unit: what stands after "expected". */
  readonly expected: string;
  /** Writes a value as TOML that `schema` reads as the same; undefined: it is not shown. Absent: as it is. */
  write?(value: unknown): TomlValue | undefined;
  /** Makes of a value, a default too, what is in force: a path absolute, a placeholder replaced. Absent: as it is. */
  readonly apply?: Derived<(value: never) => unknown>;
  /** The value when none is given, as TOML would give it. */
  readonly default?: TomlValue;
  /** The value when none is given, where it depends on other options or on the domain. */
  readonly derived?: Derived<unknown>;
  /** The default in words, where `default` is absent. */
  readonly defaultWords?: string;
  /** Where the option must be given: always, where its table is in force, or nowhere. */
  readonly isMandatory: "always" | "with table" | "no";
  /** Where this other option has another value, this one is without meaning: not mandatory, and not in force. */
  readonly onlyWith?: { readonly name: string; readonly value: string };
  readonly unit?: string;
  readonly prose: string;
  /** As it stands in TOML after "=". */
  readonly example: string;
  /** Readable from a file, and never shown unless `write` shows a part of it. */
  readonly isSecret: boolean;
  /** Readable from a file although it is no secret. */
  readonly hasFile?: boolean;
  /** Whether `[domain."example.net"]` may override it. */
  readonly isPerDomain: boolean;
}

/** What the schema of an option gives. */
export type Given<O extends Option> = z.output<O["schema"]>;

/** Whether an option always has a value: it is mandatory or has a default, wherever its table is in force. */
type IsAlwaysThere<O> = O extends { readonly onlyWith: unknown }
  ? false
  : O extends
        | { readonly default: unknown }
        | { readonly derived: unknown }
        | { readonly isMandatory: "always" | "with table" }
    ? true
    : false;

/** The value that is in force of an option; undefined too where it may be absent. */
export type InForce<O extends Option> = Given<O> | (IsAlwaysThere<O> extends true ? never : undefined);

/**
 * Derives a default, or what is applied to a value, from what other options come to. When one of them is wrong or
 * missing, nothing is derived, for a problem is told already.
 */
export function from<const Needs extends readonly Option[], Result>(
  needs: Needs,
  make: (values: { readonly [I in keyof Needs]: InForce<Needs[I]> }, about: About) => Result,
): Derived<Result> {
  // The loader hands in what `needs` names, and nothing else.
  return { needs, make: make as Derived<Result>["make"] };
}

/** What most options are: optional, no secret, and open to a domain's own value. */
export const perDomain = { isMandatory: "no", isSecret: false, isPerDomain: true } as const;

/** What options of slotd as a whole are: optional, no secret, the same for all domains. */
export const global = { isMandatory: "no", isSecret: false, isPerDomain: false } as const;
