import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** The resident memory of a process and of its children, in MiB. */
export function residentMiB(pid: number): number {
  return [pid, ...childrenOf(pid)].map(ownResidentMiB).reduce((sum, each) => sum + each, 0);
}

function childrenOf(pid: number): number[] {
  try {
    return execFileSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" })
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map(Number);
  } catch {
    return [];
  }
}

function ownResidentMiB(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
