import { Component, type ComponentDeps, type ComponentOptions } from "./component.ts";
import type { StreamProblem } from "./stream-problem.ts";

/**
 * Logs a component in once and leaves when `whileOnline` is done.
 *
 * @param whileOnline must not throw.
 * @returns what was in the way; undefined when the server let it in.
 */
export function tryLogin(
  options: ComponentOptions,
  deps: Omit<ComponentDeps, "events">,
  signal: AbortSignal,
  whileOnline: (component: Component) => Promise<void> = async () => undefined,
): Promise<StreamProblem | undefined> {
  return new Promise((resolve) => {
    const leave = (problem: StreamProblem | undefined): void => {
      signal.removeEventListener("abort", abort);
      component.stop().then(() => resolve(problem));
    };
    const abort = (): void => leave(undefined);
    const component = new Component(options, {
      ...deps,
      events: {
        online: () => void whileOnline(component).then(() => leave(undefined)),
        offline: (problem) => leave(problem),
        failed: () => "",
        ignored: () => undefined,
      },
    });
    signal.addEventListener("abort", abort, { once: true });
    component.start();
  });
}
