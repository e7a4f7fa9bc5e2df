import type { Tally } from "../../import/outcomes.ts";
import type { SourceItem } from "../../sources/source.ts";
import type { CommandIo } from "../command.ts";
import { Progress } from "../progress.ts";
import { counted, sizeText } from "../table.ts";

/** What there is to import. */
interface Whole {
  readonly items: number;
  readonly bytes: number;
}

/** A small file takes as long as so many bytes of a large one. */
const itemWeight = 16 * 1024;

/** Shows on a terminal how far an import is, how fast it is, and how long it will take. */
export class ImportProgress {
  readonly #io: CommandIo;
  readonly #progress: Progress;
  #whole: Whole | undefined;
  #tally: Tally | undefined;
  #copied = 0;
  #began: number;

  constructor(io: CommandIo) {
    this.#io = io;
    this.#began = io.now().getTime();
    this.#progress = new Progress(io, () => this.#text());
  }

  /** Counts what is to come, where somebody looks. Reads metadata only. */
  async count(source: AsyncIterable<SourceItem>, signal: AbortSignal): Promise<void> {
    if (!this.#io.isTerminal) return;
    const counting = new Progress(this.#io, (items) => `${counted(items, "file")} found`);
    const whole = { items: 0, bytes: 0 };
    try {
      for await (const item of source) {
        if (signal.aborted) return;
        whole.items += 1;
        if (item.kind === "file") whole.bytes += item.size;
        counting.show(whole.items);
      }
      this.#whole = whole;
    } finally {
      counting.clear();
      this.#began = this.#io.now().getTime();
    }
  }

  show(tally: Tally, copied: number): void {
    this.#tally = tally;
    this.#copied = copied;
    this.#progress.show(tally.looked);
  }

  clear(): void {
    this.#progress.clear();
  }

  #text(): string {
    const { looked = 0, present } = this.#tally ?? {};
    const seconds = Math.max(0.001, (this.#io.now().getTime() - this.#began) / 1000);
    const of = this.#whole === undefined ? "" : ` of ${this.#whole.items}`;
    const rate = `${sizeText(this.#copied / seconds)}/s, ${Math.round(looked / seconds)} files/s`;
    const done = this.#copied + (present?.bytes ?? 0) + looked * itemWeight;
    return `${looked}${of} files, ${sizeText(this.#copied)} copied, ${rate}${this.#left(done, seconds)}`;
  }

  #left(done: number, seconds: number): string {
    if (this.#whole === undefined || done === 0) return "";
    const all = this.#whole.bytes + this.#whole.items * itemWeight;
    return `, ${timeText((Math.max(0, all - done) / done) * seconds)} left`;
  }
}

function timeText(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.ceil(whole / 60)} min`;
  return `${Math.floor(whole / 3600)} h ${Math.ceil((whole % 3600) / 60)} min`;
}
