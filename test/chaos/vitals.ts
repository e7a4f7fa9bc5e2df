import { readdirSync, readFileSync } from "node:fs";

/** How a process does. */
export interface Vitals {
  /** Resident memory, bytes. */
  readonly memory: number;
  /** Open file descriptors. */
  readonly descriptors: number;
}

/** Reads the vitals of a process. @throws {Error} when it has ended. */
export function vitalsOf(pid: number): Vitals {
  const kilobytes = /^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return { memory: 1024 * Number(kilobytes), descriptors: readdirSync(`/proc/${pid}/fd`).length };
}
