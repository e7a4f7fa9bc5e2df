/** Work that is done again and again. */
export interface Repeated {
  /** Does it soon, without waiting for its time. */
  nudge(): void;
  /** Ends it: waits for what is under way, which is told by the signal to be brief. */
  stop(): Promise<void>;
}

/**
 * Does `work` now and then for ever, never twice at once: the next time comes `interval` milliseconds after the last
 * has ended.
 *
 * @param interval asked each time where it changes.
 * @param work must not throw.
 */
export function repeat(
  interval: number | (() => number),
  work: (signal: AbortSignal) => Promise<void>,
): Repeated {
  const stopping = new AbortController();
  const pause = typeof interval === "number" ? () => interval : interval;
  let isNudged = false;
  let wake: () => void = () => undefined;
  const wait = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, isNudged ? 0 : pause());
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      isNudged = false;
      await work(stopping.signal);
      if (!stopping.signal.aborted) await wait();
    }
  };
  const running = run();
  const nudge = (): void => {
    isNudged = true;
    wake();
  };
  return {
    nudge,
    async stop() {
      stopping.abort();
      wake();
      await running;
    },
  };
}
