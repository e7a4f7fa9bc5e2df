import type { Part } from "../../scripts/debian.ts";
import { Random } from "../fuzz/random.ts";

/** One figure of an attack beside its budget. */
export interface Measure {
  readonly what: string;
  readonly measured: number;
  readonly unit: "MiB" | "ms" | "s" | "x" | "descriptors" | "bytes" | "files" | "answers" | "lines";
  /** The budget is kept while `measured` is not above this. */
  readonly atMost?: number;
  /** The budget is kept while `measured` is not below this. */
  readonly atLeast?: number;
}

/** How an attack is carried out. */
export interface AttackOptions {
  /** Whether it is to take seconds, as a part of `npm test`, and not up to some minutes. */
  readonly isShort: boolean;
  /** The same seed makes the same hostile input. */
  readonly random: Random;
}

/** What a stranger does to make slotd expensive, and what it may cost at most. */
export interface Attack {
  /** Words with hyphens, such as "xml-prefixes". */
  readonly name: string;
  /** The promise that is tried, in one sentence. */
  readonly promise: string;
  /** The Debian packages without which it cannot run; none for an attack on slotd alone. */
  readonly needs: readonly Part[];
  /** Carries it out against a running slotd, ends all that it started, and gives every figure with its budget. */
  run(options: AttackOptions): Promise<readonly Measure[]>;
}

/** Whether a figure is within its budget; one without a budget never is. */
export function isKept({ measured, atMost, atLeast }: Measure): boolean {
  if (atMost === undefined && atLeast === undefined) return false;
  return measured <= (atMost ?? Infinity) && measured >= (atLeast ?? -Infinity);
}

/** A figure and its budget as a line for people. */
export function lineOf(measure: Measure): string {
  const { what, measured, unit, atMost, atLeast } = measure;
  const budget = [
    ...(atLeast === undefined ? [] : [`at least ${figure(atLeast)}`]),
    ...(atMost === undefined ? [] : [`at most ${figure(atMost)}`]),
  ].join(", ");
  return `${isKept(measure) ? "kept  " : "BROKEN"} ${what}: ${figure(measured)} ${unit} (${budget})`;
}

/** Carries one attack out and prints its figures as they come. Gives those that are over their budget. */
export async function carryOut(attack: Attack, seed: number, isShort: boolean): Promise<readonly Measure[]> {
  console.log(`${attack.name}: ${attack.promise}`);
  const measures = await attack.run({ isShort, random: new Random(seed) });
  if (measures.length === 0) throw new Error(`the attack ${attack.name} measured nothing`);
  for (const measure of measures) console.log(`  ${lineOf(measure)}`);
  return measures.filter((measure) => !isKept(measure));
}

function figure(number: number): string {
  if (Number.isInteger(number)) return String(number);
  return number.toFixed(Math.abs(number) < 10 ? 2 : 1);
}
