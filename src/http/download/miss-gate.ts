/** Milliseconds from the arrival of a request for a file that is not there to its answer. */
const DELAY = 5;

/**
 * Makes every "there is no such file" take the same time, so that nobody learns from it how far the search went.
 * The time runs from the arrival of a request and not from the end of the search; requests that arrive within one
 * millisecond share a timer.
 */
export class MissGate {
  #arrival = -1;
  #opens: Promise<void> = Promise.resolve();

  /** To be called when a request arrives; what it gives is to be waited for before a miss is answered. */
  arrive(): Promise<void> {
    const now = Math.floor(performance.now());
    if (now !== this.#arrival) {
      this.#arrival = now;
      this.#opens = new Promise((resolve) => setTimeout(resolve, DELAY));
    }
    return this.#opens;
  }
}
