import { type Finding, type Fix, wrong } from "./finding.ts";

/** One thing to be tried. */
export interface Check<Context> {
  /** One word or a few joined by dashes; it is part of the interface of `--json`. */
  readonly name: string;
  /** The checks that must not be wrong for this one to mean anything. */
  readonly needs: readonly string[];
  run(context: Context): Promise<Finding>;
}

/** A finding with what it is about. */
export interface Result {
  /** What was checked: a component, a bucket or a folder. */
  readonly scope: string;
  readonly check: string;
  readonly finding: Finding;
  /** Set when it was set right just now. */
  readonly isFixed: boolean;
  /** The check whose "wrong" is in the way of this one. */
  readonly skippedFor?: string;
}

export interface CheckRun {
  readonly scope: string;
  /** Whether what can be set right is set right. */
  readonly isFixing: boolean;
  /** No further check is begun once it is aborted. */
  readonly signal: AbortSignal;
  /** Waits so many milliseconds. */
  readonly pause: (milliseconds: number) => Promise<void>;
  readonly tell: (result: Result) => void;
  /** Is told before anything is put. */
  readonly tellFix: (scope: string, fix: Fix) => void;
}

/** What is put takes a moment to be in force on some stores. */
const FIX_LOOKS = 5;
const FIX_PAUSE = 1_000;

/**
 * Runs checks in their order. What needs a check that was wrong is skipped: one cause, one finding.
 *
 * @returns the results, each of which was told as it came.
 */
export async function runChecks<Context>(
  checks: readonly Check<Context>[],
  context: Context,
  run: CheckRun,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const inTheWay = new Set<string>();
  for (const check of checks) {
    if (run.signal.aborted) break;
    const cause = check.needs.find((need) => inTheWay.has(need));
    const outcome = cause === undefined ? await lookAndFix(check, context, run) : blockedBy(cause);
    if (run.signal.aborted) break;
    if (outcome.finding.level === "wrong" || cause !== undefined) inTheWay.add(check.name);
    const result = { scope: run.scope, check: check.name, ...outcome };
    results.push(result);
    run.tell(result);
  }
  return results;
}

type Outcome = Omit<Result, "scope" | "check">;

function blockedBy(cause: string): Outcome {
  const text = `Not checked, because "${cause}" failed.`;
  return { finding: { level: "skipped", text }, isFixed: false, skippedFor: cause };
}

async function lookAndFix<Context>(check: Check<Context>, context: Context, run: CheckRun): Promise<Outcome> {
  const finding = await look(check, context);
  const { fix } = finding;
  if (!run.isFixing || fix === undefined || run.signal.aborted) return { finding, isFixed: false };
  run.tellFix(run.scope, fix);
  try {
    await fix.apply();
  } catch (error) {
    const { fix: _, ...rest } = finding;
    return {
      finding: { ...rest, text: `${finding.text} --fix failed: ${textOf(error)}` },
      isFixed: false,
    };
  }
  return lookAgain(check, context, run, FIX_LOOKS);
}

async function lookAgain<Context>(
  check: Check<Context>,
  context: Context,
  run: CheckRun,
  looks: number,
): Promise<Outcome> {
  const finding = await look(check, context);
  if (finding.level === "ok") return { finding, isFixed: true };
  if (looks <= 1 || run.signal.aborted) {
    return {
      finding: { ...finding, text: `${finding.text} The problem remains after --fix.` },
      isFixed: false,
    };
  }
  await run.pause(FIX_PAUSE);
  return lookAgain(check, context, run, looks - 1);
}

/** What throws is a finding too: the checks after it may still tell something. */
async function look<Context>(check: Check<Context>, context: Context): Promise<Finding> {
  try {
    return await check.run(context);
  } catch (error) {
    return wrong(textOf(error), "Run the check again to see whether this happens again.");
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
