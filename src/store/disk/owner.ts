import { readFileSync, readlinkSync } from "node:fs";

/*
 * Who writes a file under incoming/. A process id alone says too little: ids are used again, and two containers
 * that share a folder have the same ones. So an owner is written as
 *
 *   <process id>-<start time of the process, clock ticks since boot>-<pid namespace>
 *
 * and both other parts are 0 where the system does not tell them (not Linux).
 */

/** This process, as the files that it writes are marked. */
export function thisOwner(): string {
  return `${process.pid}-${startTime(process.pid) ?? 0}-${pidNamespace()}`;
}

/**
 * Whether the process that a mark names is gone for sure; undefined when it cannot be told from here: the mark is
 * none, or of another container.
 */
export function isGone(owner: string): boolean | undefined {
  const [, id, start, namespace] = /^(\d{1,10})-(\d{1,20})-(\d{1,20})$/.exec(owner) ?? [];
  if (id === undefined || namespace !== pidNamespace()) return undefined;
  if (namespace === "0") return !isRunning(Number(id));
  return startTime(Number(id)) !== start;
}

function pidNamespace(): string {
  try {
    return /\[(\d+)\]/.exec(readlinkSync("/proc/self/ns/pid"))?.[1] ?? "0";
  } catch {
    return "0";
  }
}

/** Source: proc(5), /proc/pid/stat: the second field may hold spaces and parentheses, the start is the 22nd. */
function startTime(id: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${id}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

function isRunning(id: number): boolean {
  try {
    return process.kill(id, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
