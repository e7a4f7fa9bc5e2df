import type { Place } from "../problem.ts";
import type { InForce, Option } from "./option.ts";

/** An option as it was given somewhere. */
export interface GivenAt {
  /** As the problem messages call it. */
  readonly key: string;
  readonly place: Place;
  /** What the option's schema read, before anything was applied to it. */
  readonly value: unknown;
}

/** An option for one domain. `setting` is absent for a default; `value` is absent when nothing valid is there. */
export interface Found<O extends Option> {
  readonly setting?: GivenAt;
  readonly value?: { readonly is: InForce<O> };
}

/** What is in force for one domain, or (`domain` is undefined) for slotd as a whole. */
export interface Scope {
  readonly domain: string | undefined;
  find<O extends Option>(option: O): Found<O>;
}

/** What is in force for one table with a name, such as [former.old]. */
export interface NamedScope extends Scope {
  readonly name: string;
  /** The table itself: where a problem is told of an option that it lacks. */
  readonly at: GivenAt;
}

/** What a rule says of an option: the problem without its place, which is that of the option. */
export interface Breach {
  readonly expected: string;
  readonly got: string;
  readonly advice?: string;
  /** The option of which a right line is shown; absent: none is. */
  readonly example?: Option;
}

export interface Rules {
  readonly domains: readonly (Scope & { readonly domain: string })[];
  readonly whole: Scope;
  /** The tables with names that stand under a key, such as "former", in the order of the file. */
  named(table: string): readonly NamedScope[];
  /** A problem for each option that is told here; for one setting that is in force for several domains, only one. */
  breach(option: Option, setting: GivenAt | undefined, breach: Breach): void;
}

/** Holds options against each other, and tells what does not fit. It stands beside the options that it concerns. */
export type Rule = (rules: Rules) => void;
