import { type Refusal, refusalCodes, type StanzaErrorCondition } from "../../slot/refusal.ts";
import type { Slot } from "../../slot/slot.ts";
import { plainUrl } from "./plain-name.ts";

/** What ejabberd is answered. */
export interface Reply {
  readonly status: number;
  /** Lines of text, each with its end. */
  readonly text: string;
}

/**
 * The status by which ejabberd tells its client most nearly what slotd would over XMPP: 402 is
 * wait/resource-constraint, 403 cancel/not-allowed, 413 modify/not-acceptable, anything else
 * cancel/service-unavailable.
 *
 * Source: ejabberd 23.01, mod_http_upload, `create_slot`; seen on it.
 */
const statuses: Readonly<Record<StanzaErrorCondition, number>> = {
  "resource-constraint": 402,
  forbidden: 403,
  "not-allowed": 403,
  "policy-violation": 403,
  "not-acceptable": 413,
  "bad-request": 400,
  "item-not-found": 404,
  conflict: 409,
  gone: 410,
  "internal-server-error": 500,
  "feature-not-implemented": 501,
  "service-unavailable": 503,
};

/**
 * The reply to a question: 200 and two lines, PUT URL and GET URL; or the status of a refusal and its text, of which
 * ejabberd tells its client nothing. At most about 8 KiB.
 */
export function replyTo(outcome: Slot | Refusal): Reply {
  if (!("kind" in outcome)) {
    return { status: 200, text: `${plainUrl(outcome.putUrl)}\n${plainUrl(outcome.getUrl)}\n` };
  }
  return { status: statuses[refusalCodes[outcome.kind].condition], text: `${outcome.text}\n` };
}
