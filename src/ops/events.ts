import type { HttpEvent } from "../http/http-event.ts";
import type { Requester } from "../slot/policy.ts";
import type { Refusal } from "../slot/refusal.ts";
import type { Slot } from "../slot/slot.ts";
import type { StreamProblem } from "../xmpp/stream-problem.ts";
import type { Logger } from "./log.ts";

/** How often a component that stays down for one reason says so again at warn level; milliseconds. */
const REMIND_AFTER = 5 * 60_000;

/**
 * Logs the fate of a component's stream: a line when it comes up, and one when it is down. The same problem at
 * each further attempt is told at debug level, and as a warning again every five minutes.
 *
 * @param monotonic milliseconds of a clock that never goes back.
 */
export function logComponent(log: Logger, host: string, monotonic: () => number) {
  let told: { readonly kind: string; readonly at: number } | undefined;
  return {
    online(): void {
      told = undefined;
      log.info({ host }, "Connected to the XMPP server; slots can be asked for.");
    },
    offline({ kind, text }: StreamProblem, retryIn: number): void {
      const isKnown = told?.kind === kind && monotonic() - told.at < REMIND_AFTER;
      if (!isKnown) told = { kind, at: monotonic() };
      const level = isKnown ? "debug" : kind === "conflict" ? "info" : "warn";
      log[level]({ host, problem: kind }, `${text} Trying again; next in ${(retryIn / 1000).toFixed(1)} s.`);
    },
    failed(error: unknown): void {
      log.error({ host, err: error }, "A stanza could not be answered.");
    },
  };
}

/** Logs the outcome of a slot request: every refusal with its reason, slots at debug level and never their URLs. */
export function logSlot(log: Logger, host: string, { bareJid }: Requester, outcome: Slot | Refusal): void {
  if ("kind" in outcome)
    log.info({ host, jid: bareJid, reason: outcome.kind }, `Refused a slot. ${outcome.text}`);
  else log.debug({ host, jid: bareJid }, "Gave a slot.");
}

/** What a store refused is the operator's to mend; what a reader asked in vain is nobody's. */
function refusalLevel({
  method,
  reason,
}: Extract<HttpEvent, { kind: "refused" }>): "warn" | "info" | "debug" {
  if (reason === "bad-gateway" || reason === "full") return "warn";
  return method === "PUT" ? "info" : "debug";
}

/** Logs what the HTTP server tells. */
export function logHttp(log: Logger): (event: HttpEvent) => void {
  return (event) => {
    const { kind, ...fields } = event;
    switch (event.kind) {
      case "stored":
        log.info(fields, "Stored an upload.");
        break;
      case "refused":
        log[refusalLevel(event)](fields, "Refused a request.");
        break;
      case "upload-aborted":
        log.info(fields, "An upload broke off; nothing of it is kept.");
        break;
      case "served":
        log.debug(fields, "Served a file.");
        break;
      case "download-aborted":
        log.debug(fields, "A download broke off.");
        break;
      case "failed":
        log.error({ method: event.method, object: event.object, err: event.error }, "A request failed.");
        break;
    }
  };
}
