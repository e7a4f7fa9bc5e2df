import { printable } from "../slot/printable.ts";
import { type ComponentEvents, ignoredReasons } from "../xmpp/component-events.ts";
import { type StreamProblem, type StreamProblemKind, streamProblemKinds } from "../xmpp/stream-problem.ts";
import type { WatchedDomain, Watchers } from "./events.ts";

/** How often the log is reminded of a component that stays away; milliseconds. */
const REMIND_AFTER = 10 * 60_000;

/** A time in which a component is not connected. */
interface Absence {
  /** When it began, by the clock of the watchers; milliseconds. */
  readonly since: number;
  /** When the log was last told of it above debug level. */
  toldAt: number;
  /** Which problems the log was told of. */
  readonly told: Set<StreamProblemKind>;
}

/**
 * Watches a component's stream: a line when it comes up, and one when it is down. While it is down each problem is told
 * once, further attempts at debug level, and every ten minutes there is a reminder with how long and the last reason.
 * A stanza that is passed over leaves a line at debug level.
 */
export function watchComponent(
  { log, metrics, monotonic, reference }: Watchers,
  { domain, host }: WatchedDomain,
): ComponentEvents {
  let absence: Absence | undefined;
  metrics.count("componentConnects", { domain }, 0);
  metrics.count("stanzasFailed", { domain }, 0);
  for (const problem of streamProblemKinds) metrics.count("componentProblems", { domain, problem }, 0);
  for (const reason of ignoredReasons) metrics.count("stanzasIgnored", { domain, reason }, 0);
  const tell = (away: Absence, { kind, text, serverText }: StreamProblem, retryIn: number): void => {
    const now = monotonic();
    const isReminder = now - away.toldAt >= REMIND_AFTER;
    const isNews = !away.told.has(kind);
    if (isReminder || isNews) away.toldAt = now;
    away.told.add(kind);
    const level = !isReminder && !isNews ? "debug" : kind === "conflict" ? "info" : "warn";
    const fields = { host, problem: kind, ...(serverText !== undefined && { server_text: serverText }) };
    const since = isReminder ? `Not connected to the XMPP server for ${duration(now - away.since)}. ` : "";
    log[level](fields, `${since}${text} Trying again in ${(retryIn / 1000).toFixed(1)} s.`);
  };
  return {
    online() {
      metrics.count("componentConnects", { domain });
      const away =
        absence === undefined ? "" : ` It was not connected for ${duration(monotonic() - absence.since)}.`;
      absence = undefined;
      log.info({ host }, `Connected to the XMPP server; ready to issue slots.${away}`);
    },
    offline(problem, retryIn) {
      metrics.count("componentProblems", { domain, problem: problem.kind });
      absence ??= { since: monotonic(), toldAt: monotonic(), told: new Set() };
      tell(absence, problem, retryIn);
    },
    failed(error) {
      const ref = reference();
      metrics.count("stanzasFailed", { domain });
      log.error({ host, ref, err: error }, "slotd could not answer a stanza.");
      return `slotd could not handle the request. Its log has the cause. Reference: ${ref}.`;
    },
    ignored({ name, ns, attrs }, reason) {
      metrics.count("stanzasIgnored", { domain, reason });
      if (!log.isLevelEnabled("debug")) return;
      const { from = "", type = "" } = attrs;
      const fields = { host, reason, stanza: printable(name), ns: printable(ns), type: printable(type) };
      log.debug({ ...fields, from: printable(from) }, "Ignored a stanza.");
    },
  };
}

/** Milliseconds as people read them, such as "40 s", "10 min" or "3 h 5 min". */
function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
