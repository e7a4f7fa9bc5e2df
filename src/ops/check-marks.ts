/** How long a mark is known; milliseconds. A check takes a minute at most. */
const lifetime = 10 * 60_000;

/** The oldest is forgotten when there are more. */
const mostMarks = 16;

/**
 * What the objects of "slotd check" begin with, so that its requests are not taken for those of clients in log and
 * metrics. A check asks for a mark by the control socket.
 */
export class CheckMarks {
  readonly #marks = new Map<string, number>();
  readonly #monotonic: () => number;

  /** @param monotonic milliseconds of a clock that never goes back. */
  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** Knows a mark from now on for ten minutes: eight hex digits, as `shortToken` gives them. */
  add(mark: string): void {
    this.#forget();
    if (this.#marks.size >= mostMarks) this.#marks.delete([...this.#marks.keys()][0] ?? "");
    this.#marks.set(mark, this.#monotonic() + lifetime);
  }

  /** Whether an object, as log and events name it, is of a check. */
  has(object: string | undefined): boolean {
    if (object === undefined || this.#marks.size === 0) return false;
    return (this.#marks.get(object) ?? 0) > this.#monotonic();
  }

  #forget(): void {
    for (const [mark, until] of this.#marks) if (until <= this.#monotonic()) this.#marks.delete(mark);
  }
}
