import type { Part } from "../scripts/debian.ts";

/** What a figure counts; "s" behind the slash is a second. */
export type Unit = "URLs/s" | "slots/s" | "requests/s" | "ms" | "MiB";

/** What is to be reached. */
export type Goal =
  /** The first contender's median against another's: at least `ratio` where more is better, at most where less is. */
  | { readonly against: string; readonly ratio: number }
  /** The first contender's median itself: at least or at most this many units. */
  | { readonly limit: number };

/** One thing that is measured for several contenders side by side. */
export interface Case {
  readonly name: string;
  readonly unit: Unit;
  readonly better: "more" | "less";
  /** By name, slotd first; each measures one round. */
  readonly contenders: Readonly<Record<string, () => Promise<number>>>;
  readonly goals: readonly Goal[];
  /** Rounds that do not count before those that do: compilers and caches have theirs. 1 when absent. */
  readonly warmUps?: number;
  /** Fewer than the usual rounds, where one takes long. */
  readonly rounds?: number;
}

/** What a bench has started. */
export interface OpenBench {
  readonly cases: readonly Case[];
  close(): Promise<void>;
}

/** One bench: `npm run bench -- NAME`. */
export interface Bench {
  readonly name: string;
  /** One paragraph for docs/benchmarks.md: what is compared, and how. */
  readonly description: string;
  readonly needs: readonly Part[];
  open(): Promise<OpenBench>;
}
