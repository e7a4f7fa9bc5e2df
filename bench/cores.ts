import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";

/** The core of what is measured, and the core of what puts load on it. */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

/** Whether there are two cores to tell apart, and a tool for it. */
export function canPin(): boolean {
  try {
    execFileSync("taskset", ["-p", String(process.pid)], { stdio: "pipe" });
    return cpus().length > 1;
  } catch {
    return false;
  }
}

/** Moves a process with all its threads to one core; what it starts from then on stays there as well. */
export function pin(pid: number, core: number): void {
  if (canPin()) execFileSync("taskset", ["-acp", String(core), String(pid)], { stdio: "pipe" });
}

/** Starts something on the server's core; this process itself goes on where it was. */
export async function onServerCore<Started>(start: () => Promise<Started>): Promise<Started> {
  pin(process.pid, SERVER_CORE);
  try {
    return await start();
  } finally {
    pin(process.pid, LOAD_CORE);
  }
}

/** The seconds of CPU that a process has taken so far, its threads included. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // Fields 14 and 15 of proc(5), in hundredths of a second.
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
