import type { Case, Goal } from "./bench.ts";

/** The figures of one contender. */
export interface Figures {
  readonly rounds: readonly number[];
  readonly median: number;
  /** The range of the rounds as a share of the median. */
  readonly spread: number;
}

/** How a goal was met. */
export interface Verdict {
  readonly goal: Goal;
  /** The ratio, or the figure itself for a limit. */
  readonly value: number;
  readonly isReached: boolean;
}

export interface CaseResult {
  readonly bench: string;
  readonly name: string;
  readonly unit: string;
  readonly better: "more" | "less";
  readonly contenders: Readonly<Record<string, Figures>>;
  readonly verdicts: readonly Verdict[];
}

/**
 * Runs the contenders in turn, round after round, so that what disturbs the machine disturbs all of them. The first
 * rounds, which do not count, are for what compiles itself while it runs.
 */
export async function measure(bench: string, one: Case, rounds: number): Promise<CaseResult> {
  const figures = new Map(Object.keys(one.contenders).map((name): [string, number[]] => [name, []]));
  const { warmUps = 1 } = one;
  for (let round = 1 - warmUps; round <= (one.rounds ?? rounds); round += 1) {
    for (const [name, run] of Object.entries(one.contenders)) {
      try {
        const figure = await run();
        if (round > 0) figures.get(name)?.push(figure);
      } catch (cause) {
        throw new Error(`${one.name}: ${name} failed in round ${round}`, { cause });
      }
    }
  }
  const contenders = Object.fromEntries([...figures].map(([name, values]) => [name, summary(values)]));
  const { name, unit, better, goals } = one;
  const verdicts = goals.map((goal) => judge(goal, contenders, better));
  return { bench, name, unit, better, contenders, verdicts };
}

function summary(rounds: readonly number[]): Figures {
  const sorted = [...rounds].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
  return { rounds, median, spread: ((sorted.at(-1) ?? 0) - (sorted[0] ?? 0)) / median };
}

function judge(goal: Goal, contenders: Readonly<Record<string, Figures>>, better: "more" | "less"): Verdict {
  const own = Object.values(contenders)[0]?.median ?? Number.NaN;
  const value = "limit" in goal ? own : own / (contenders[goal.against]?.median ?? Number.NaN);
  const wanted = "limit" in goal ? goal.limit : goal.ratio;
  return { goal, value, isReached: better === "more" ? value >= wanted : value <= wanted };
}
