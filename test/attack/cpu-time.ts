import { readdirSync, readFileSync } from "node:fs";

/**
 * How long the threads of a process have been on a processor, in milliseconds: what work costs, on a machine that others
 * use too.
 *
 * @throws {Error} when it has ended.
 */
export function cpuTimeOf(pid: number): number {
  let nanoseconds = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    nanoseconds += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]);
  }
  return nanoseconds / 1e6;
}
