import type { Metrics } from "./metrics.ts";

/** One thing that has to be well before slotd can do its work. */
export interface ReadyCheck {
  /** Such as "component upload.example.org". */
  readonly name: string;
  /** Why it is not well, in a sentence; undefined when it is. May take its time: it is cut off after two seconds. */
  check(): Promise<string | undefined>;
}

const longestCheck = 2_000;

/**
 * Looks at everything at once, for two seconds at most, and puts what it finds into the metric `checkUp`: only what is
 * looked at now has a series there.
 *
 * @returns a line for each check that is not well.
 */
export async function lookAt(checks: readonly ReadyCheck[], metrics: Metrics): Promise<readonly string[]> {
  const looks = await Promise.all(
    checks.map(async ({ name, check }) => ({ name, problem: await soon(check()) })),
  );
  metrics.forget("checkUp");
  for (const { name, problem } of looks) {
    metrics.set("checkUp", { check: name }, problem === undefined ? 1 : 0);
  }
  return looks.flatMap(({ name, problem }) => (problem === undefined ? [] : [`${name}: ${problem}`]));
}

async function soon(check: Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await within(check, longestCheck, () => `no response within ${longestCheck / 1000} s`);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What `work` gives, or after so many milliseconds what `late` does: undefined when absent. */
export async function within<T, Late = undefined>(
  work: Promise<T>,
  milliseconds: number,
  late?: () => Late,
): Promise<T | Late | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<Late | undefined>((resolve) => {
    timer = setTimeout(() => resolve(late?.()), milliseconds);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
