/**
 * A signal that the user's Ctrl-C (or SIGTERM) sets off, so that a long command can stop between two steps. A second
 * one ends the process at once.
 */
export function interruption(): { readonly signal: AbortSignal; done(): void } {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  return {
    signal: controller.signal,
    done: () => void process.off("SIGINT", interrupt).off("SIGTERM", interrupt),
  };
}
