import { readdirSync, readFileSync } from "node:fs";

/** What the work of a process costs on a machine that others use too: the time that it has been on a processor. */
export class CpuTime {
  readonly #pid: number;
  /** By thread; one that has ended keeps what it had, as far as it was read. */
  readonly #nanoseconds = new Map<string, number>();

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** Of all its threads, in milliseconds; it never goes back. @throws {Error} when the process has ended. */
  read(): number {
    for (const task of readdirSync(`/proc/${this.#pid}/task`)) this.#readThread(task);
    return this.#nanoseconds.values().reduce((sum, one) => sum + one, 0) / 1e6;
  }

  #readThread(task: string): void {
    try {
      const text = readFileSync(`/proc/${this.#pid}/task/${task}/schedstat`, "utf8");
      this.#nanoseconds.set(task, Number(text.split(" ", 1)[0]));
    } catch {
      // It has ended since.
    }
  }
}
