import type { CommandIo } from "./command.ts";

/** How often the line is written anew, milliseconds. */
const interval = 200;

/** One line on a terminal that counts up, and goes when the command has finished; elsewhere nothing. */
export class Progress {
  readonly #io: CommandIo;
  readonly #textOf: (count: number) => string;
  #shownAt = 0;

  constructor(io: CommandIo, textOf: (count: number) => string) {
    this.#io = io;
    this.#textOf = textOf;
  }

  /** Shows a count, if it is time to. */
  show(count: number): void {
    if (!this.#io.isTerminal) return;
    const now = this.#io.now().getTime();
    if (now - this.#shownAt < interval) return;
    this.#shownAt = now;
    this.#io.stderr(`\r\x1b[K${this.#textOf(count)}`);
  }

  /** Takes the line away, before anything else is written. */
  clear(): void {
    if (this.#shownAt > 0) this.#io.stderr("\r\x1b[K");
    this.#shownAt = 0;
  }
}
