/** A hot function, and how often one call of `run` calls it. */
export interface Micro {
  readonly name: string;
  readonly calls: number;
  run(): void;
}

/** Microseconds of CPU time that one call takes, at best of five rounds: the least disturbed one. */
export function microseconds({ calls, run }: Micro, seconds = 0.3): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 6; round += 1) {
    const before = process.cpuUsage();
    const until = performance.now() + seconds * 1000;
    let runs = 0;
    for (; performance.now() < until; runs += 1) run();
    const { user, system } = process.cpuUsage(before);
    // The first round is the compiler's.
    if (round > 0) best = Math.min(best, (user + system) / runs / calls);
  }
  return best;
}

/** Holds what a function gave, so that no compiler finds out that nobody wants it. */
export const results: { last: unknown } = { last: undefined };

/** A micro-benchmark of one function that is called with 0 to 99 in turn. */
export function calls(name: string, call: (number: number) => unknown): Micro {
  const run = () => {
    for (let number = 0; number < 100; number += 1) results.last = call(number);
  };
  return { name, calls: 100, run };
}
