import type { Config } from "../config/config.ts";
import type { LoadResult } from "../config/load.ts";
import { formatProblems } from "../config/problem.ts";
import type { ControlAnswer } from "../ops/control.ts";
import type { Logger } from "../ops/log.ts";
import { explain, failureFields } from "./explain.ts";

export interface ReloaderDeps {
  /** Reads the configuration anew. */
  readonly load: () => LoadResult;
  /** Puts a configuration in force, or throws and changes nothing. */
  readonly apply: (config: Config) => Promise<void>;
  /** Is told how each reload ended. */
  readonly ended: (isDone: boolean) => void;
  readonly log: Logger;
}

/**
 * Makes what reloads the configuration: it is put in force as a whole, or refused as a whole with every reason, in
 * the log and in the answer. Reloads that are asked for at once follow one after the other.
 */
export function reloader(deps: ReloaderDeps): () => Promise<ControlAnswer> {
  let last: Promise<unknown> = Promise.resolve();
  return () => {
    const next = last.then(() => reload(deps));
    last = next.then(({ isDone }) => deps.ended(isDone));
    return next;
  };
}

async function reload({ load, apply, log }: ReloaderDeps): Promise<ControlAnswer> {
  const result = load();
  if (!result.ok) {
    for (const problem of result.problems) log.error(formatProblems([problem]).split("\n")[0] ?? "");
    log.error("slotd did not reload the configuration; the previous one stays active.");
    return refused(formatProblems(result.problems));
  }
  for (const warning of result.warnings) log.warn(warning);
  try {
    await apply(result.config);
  } catch (error) {
    log.error(failureFields(error), `slotd did not reload the configuration: ${explain(error)}`);
    return refused(`slotd: ${explain(error)}`);
  }
  log.info("slotd reloaded the configuration.");
  const warnings = result.warnings.map((warning) => `slotd: warning: ${warning}\n`).join("");
  return { isDone: true, text: `${warnings}The configuration was reloaded.` };
}

function refused(reasons: string): ControlAnswer {
  return {
    isDone: false,
    text: `${reasons}\nslotd: the configuration was not reloaded; the previous one stays active.`,
  };
}
