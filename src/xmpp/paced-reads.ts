/** The part of a socket that is held back. */
export interface Pausable {
  pause(): unknown;
  resume(): unknown;
}

/** So many bytes are handed on at a time, and after so many milliseconds others have their turn. */
const SLICE = 8_192;
const TURN = 4;
/** A turn that took less milliseconds may be followed by another one at once. */
const SHORT = 1;

/**
 * Hands on what a socket reads, in its order and in slices, so that a large read does not keep the event loop: after
 * some milliseconds it lets others have their turn. Meanwhile the socket is paused, so that no more than one read
 * waits in memory.
 */
export class PacedReads {
  readonly #socket: Pausable;
  readonly #take: (slice: Uint8Array) => void;
  /** Called at the end of each turn. */
  readonly #endTurn: () => void;
  /** Milliseconds of a clock that never goes back. */
  readonly #monotonic: () => number;
  #waiting: Uint8Array[] = [];
  #isPaused = false;
  /** When the turn ends that is going on; set until others had theirs. */
  #deadline: number | undefined;
  #whenDone: (() => void)[] = [];

  constructor(
    socket: Pausable,
    monotonic: () => number,
    to: { take(slice: Uint8Array): void; endTurn(): void },
  ) {
    this.#socket = socket;
    this.#monotonic = monotonic;
    this.#take = (slice) => to.take(slice);
    this.#endTurn = () => to.endTurn();
  }

  /** Takes what was read. It is handed on before this returns, but for what does not fit into one turn. */
  read(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    if (!this.#isPaused) this.#work();
  }

  /** Calls back once all that was read so far has been handed on: at once, when nothing waits. */
  whenDone(callback: () => void): void {
    if (this.#waiting.length === 0) callback();
    else this.#whenDone.push(callback);
  }

  #work(): void {
    // A socket that has much to read tells of several reads, one after the other: together they have one turn.
    const began = this.#monotonic();
    const deadline = this.#deadline ?? began + TURN;
    while (this.#waiting.length > 0 && this.#monotonic() < deadline) this.#handOn();
    this.#endTurn();
    if (this.#deadline === undefined && this.#monotonic() - began > SHORT) this.#keepTurn(deadline);
    if (this.#waiting.length > 0) {
      if (!this.#isPaused) this.#socket.pause();
      this.#isPaused = true;
      setImmediate(() => this.#work());
      return;
    }
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#socket.resume();
    }
    for (const callback of this.#whenDone.splice(0)) callback();
  }

  #keepTurn(deadline: number): void {
    this.#deadline = deadline;
    setImmediate(() => {
      this.#deadline = undefined;
    });
  }

  #handOn(): void {
    const [bytes, ...later] = this.#waiting;
    if (bytes === undefined) return;
    this.#waiting = bytes.length > SLICE ? [bytes.subarray(SLICE), ...later] : later;
    this.#take(bytes.subarray(0, SLICE));
  }
}
