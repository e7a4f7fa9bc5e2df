import { exampleFor } from "./example.ts";
import { isOptionName, isUrlOption, type OptionName, optionOf } from "./options/table.ts";
import { type Place, type Problem, show } from "./problem.ts";

/** One option as it was given somewhere. */
export interface Setting {
  /** As the problem messages call it. */
  readonly key: string;
  readonly place: Place;
  /** What the option's schema read; undefined too when it could not read it, and a problem says so. */
  readonly value: unknown;
  readonly isValid: boolean;
  /** The absolute path of the file that the value was read from, when it has one of its own. */
  readonly file?: string;
}

/** The options given in one place. */
export type Settings = Map<OptionName, Setting>;

/** A value that was given for an option, not read yet. */
export interface Given {
  readonly name: OptionName;
  readonly key: string;
  readonly place: Place;
  readonly raw: unknown;
  /** The value as it was written, when that is not how `raw` is shown. */
  readonly text?: string;
}

/** Reads a given value by its option's schema. A wrong one becomes a problem, and a setting that is not valid. */
export function readSetting(given: Given, problems: Problem[]): Setting {
  const { name, key, place, raw } = given;
  const result = optionOf(name).schema.safeParse(raw);
  if (result.success) return { key, place, value: result.data, isValid: true };
  const item = result.error.issues[0]?.path[0];
  const got = gotText(given, typeof item === "number" ? item : undefined);
  problems.push({
    place: optionOf(name).isSecret || got === undefined ? withoutSource(place) : place,
    key,
    expected: optionOf(name).expected,
    ...(got === undefined ? {} : { got }),
    example: exampleFor(name, place),
  });
  return { key, place, value: undefined, isValid: false };
}

function gotText({ name, raw, text }: Given, item: number | undefined): string | undefined {
  if (optionOf(name).isSecret)
    return raw === "" ? "an empty text" : typeof raw === "string" ? undefined : "another type";
  // A URL with a password in it is as secret as one.
  if (isUrlOption(name) && String(raw).includes("@")) return undefined;
  if (item !== undefined && Array.isArray(raw)) return show(raw[item]);
  if (text === undefined || typeof raw === "string") return show(raw);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** The same place without its source line. */
export function withoutSource(place: Place): Place {
  if (place.kind !== "file") return place;
  const { source: _, ...rest } = place;
  return rest;
}

/** A key as TOML writes it: bare where it can be, else in quotes. */
export function keyText(path: readonly string[]): string {
  return path.map((part) => (/^[\w-]+$/.test(part) ? part : JSON.stringify(part))).join(".");
}

/** Whether a dotted key is an option that a domain's table may hold. */
export function isPerDomain(key: string): boolean {
  return isOptionName(key) && optionOf(key).isPerDomain;
}
