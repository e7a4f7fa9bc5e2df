import { setImmediate as nextTurn } from "node:timers/promises";

/** How long a source may keep the event loop to itself; milliseconds. */
const longest = 5;

/**
 * Makes a function that a loop over many files awaits at each of them. It lets others run when the loop has kept the
 * event loop for 5 ms, and costs next to nothing otherwise; it throws the signal's reason once that is aborted.
 */
export function breaths(signal: AbortSignal): () => Promise<void> | undefined {
  let since = performance.now();
  return () => {
    signal.throwIfAborted();
    if (performance.now() - since < longest) return undefined;
    return nextTurn().then(() => {
      since = performance.now();
    });
  };
}
