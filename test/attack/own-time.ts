import { readFileSync } from "node:fs";

/** For how long the main thread of a process could have run and was not let, in milliseconds. Linux only. */
function waited(pid: number): number {
  const [, nanoseconds = "0"] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8").split(" ");
  return Number(nanoseconds) / 1e6;
}

/**
 * A clock of what a process and this one take: wall time, without what either was kept waiting for a core by others
 * on the machine. In milliseconds; only differences count.
 */
export function ownTime(pid: number): number {
  return performance.now() - waited(pid) - waited(process.pid);
}
