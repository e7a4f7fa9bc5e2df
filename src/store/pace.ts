import type { Bytes } from "../slot/slot.ts";

/** Over how long a pace is measured; milliseconds. */
const span = 30_000;

/** How fast something has come in about the last half minute, in a memory that does not grow. */
export class Pace {
  #began: number;
  #before: Bytes = 0;
  #since: Bytes = 0;

  /** @param now milliseconds of a clock that never goes back, here and everywhere. */
  constructor(now: number) {
    this.#began = now;
  }

  add(bytes: Bytes, now: number): void {
    this.#turn(now);
    this.#since += bytes;
  }

  /** Bytes a millisecond: what came since the last turn, and the part of the span before that is still recent. */
  at(now: number): number {
    this.#turn(now);
    const recent = 1 - (now - this.#began) / span;
    return (this.#before * recent + this.#since) / span;
  }

  #turn(now: number): void {
    const passed = Math.floor((now - this.#began) / span);
    if (passed <= 0) return;
    this.#before = passed === 1 ? this.#since : 0;
    this.#since = 0;
    this.#began += passed * span;
  }
}
