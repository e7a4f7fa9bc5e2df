import { readFileSync } from "node:fs";

/** Of the main thread of a process: how long it has run, and could have run and was not let; milliseconds. Linux only. */
function times(pid: number): readonly [ran: number, waited: number] {
  const [ran = "0", waited = "0"] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8").split(" ");
  return [Number(ran) / 1e6, Number(waited) / 1e6];
}

/** How long the main thread of a process has been on a processor, in milliseconds; only differences count. */
export function busyTime(pid: number): number {
  return times(pid)[0];
}

/**
 * A clock of what a process and this one take: wall time, without what either was kept waiting for a core by others
 * on the machine. In milliseconds; only differences count.
 */
export function ownTime(pid: number): number {
  return performance.now() - times(pid)[1] - times(process.pid)[1];
}
