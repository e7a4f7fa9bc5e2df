import type { HttpEvent, HttpRequestFacts, TlsEvent } from "../http/http-event.ts";
import type { Requester } from "../slot/policy.ts";
import type { Refusal } from "../slot/refusal.ts";
import type { Slot, SlotRequest } from "../slot/slot.ts";
import type { CheckMarks } from "./check-marks.ts";
import type { Logger } from "./log.ts";
import type { Metrics } from "./metrics.ts";

/** What is told of everything that happens. */
export interface Watchers {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
  /** A new reference for a request. */
  readonly reference: () => string;
  /** Which objects are of "slotd check"; absent: none. */
  readonly checks?: Pick<CheckMarks, "has">;
}

/** The domain served, and the JID of its component. */
export interface WatchedDomain {
  readonly domain: string;
  readonly host: string;
}

/**
 * Watches slot requests from when they come: counts and times them, and logs every refusal with its reason, slots
 * at debug level and never their URLs. What the requester is told of a refusal has the reference of its line.
 */
export function watchSlots({ log, metrics, monotonic, reference }: Watchers, served: WatchedDomain) {
  const { domain, host } = served;
  const givenFor = (purpose: SlotRequest["purpose"]) => ({
    slots: metrics.series("slots", { domain, purpose, outcome: "given" }),
    bytes: metrics.series("slotBytes", { domain, purpose }),
  });
  const givenForMessages = givenFor("message");
  return ({ bareJid }: Requester) => {
    const begun = monotonic();
    return (outcome: Slot | Refusal, request: SlotRequest | undefined): Slot | Refusal => {
      const { purpose = "message", size } = request ?? {};
      metrics.observe("slotSeconds", { domain }, (monotonic() - begun) / 1000);
      if (!("kind" in outcome)) {
        const given = purpose === "message" ? givenForMessages : givenFor(purpose);
        given.slots.add();
        given.bytes.add(size);
        log.debug({ host, jid: bareJid, purpose, size }, "Issued a slot.");
        return outcome;
      }
      metrics.count("slots", { domain, purpose, outcome: outcome.kind });
      const ref = reference();
      log.info({ host, jid: bareJid, ref, reason: outcome.kind }, `Refused a slot. ${outcome.text}`);
      return { ...outcome, text: `${outcome.text} Reference: ${ref}.` };
    };
  };
}

/**
 * Watches the HTTP server: a line for each upload, refusal and failure, and everything counted. What "slotd check" does
 * is told at debug level, and counted by itself.
 */
export function watchHttp({ log, metrics, checks }: Watchers) {
  for (const status of ["201", "aborted"]) metrics.count("uploads", { status }, 0);
  for (const status of ["200", "aborted"]) metrics.count("downloads", { status }, 0);
  return (event: HttpEvent, request: HttpRequestFacts): void => {
    if (checks?.has(event.object)) {
      metrics.count("checkRequests", { status: statusOf(event) });
      log.debug({ ...event, ref: request.reference }, "A request of slotd check.");
      return;
    }
    logHttp(log, event, request);
    countHttp(metrics, event, request);
  };
}

/** Tells what becomes of the certificate of the HTTP server. */
export function watchTls({ log }: Pick<Watchers, "log">) {
  return (event: TlsEvent): void => {
    if (event.kind === "certificate-changed")
      log.info("The certificate has changed; new connections use the new one.");
    else
      log.error({ err: event.error }, "slotd cannot use the new certificate; the previous one stays active.");
  };
}

function logHttp(log: Logger, event: HttpEvent, request: HttpRequestFacts): void {
  if (event.kind === "preflight" || (event.kind === "served" && !log.isLevelEnabled("debug"))) return;
  const { reference: ref, client, receiver } = request;
  const { kind, ...rest } = event;
  const fields = { ...rest, ...(receiver !== undefined && { receiver }), client, ref };
  switch (event.kind) {
    case "stored":
      log.info(fields, "Stored an upload.");
      break;
    case "refused":
      // What a store refused is the operator's to correct.
      log[event.reason === "bad-gateway" || event.reason === "full" ? "warn" : "info"](
        fields,
        "Refused a request.",
      );
      break;
    case "upload-aborted":
      log.info(fields, "An upload was interrupted; slotd kept nothing of it.");
      break;
    case "served":
      log.debug(fields, "Served a file.");
      break;
    case "download-aborted":
      log.debug(fields, "A download was interrupted.");
      break;
    case "failed":
      log.error({ method: event.method, object: event.object, ref, err: event.error }, "A request failed.");
      break;
  }
}

const known = new Set(["GET", "HEAD", "OPTIONS", "PUT"]);

function countHttp(metrics: Metrics, event: HttpEvent, request: HttpRequestFacts): void {
  const { method, milliseconds, receiver } = request;
  // Anyone may invent methods; each would be a series for ever.
  const named = known.has(method) ? method : "other";
  const status = statusOf(event);
  const seconds = milliseconds / 1000;
  metrics.count("httpRequests", { method: named, status });
  if (event.kind === "refused") metrics.count("httpRefusals", { method: named, reason: event.reason });
  if (receiver !== undefined) {
    metrics.count("receiverUploads", { receiver, status });
    if (event.kind === "refused") metrics.count("receiverRefusals", { receiver, reason: event.reason });
  }
  if (named === "PUT") {
    metrics.count("uploads", { status });
    if (event.kind === "stored") {
      metrics.count("uploadBytes", {}, event.size);
      metrics.observe("uploadSeconds", {}, seconds);
    }
  } else if (named === "GET" || named === "HEAD") {
    metrics.count("downloads", { status });
    metrics.observe("downloadSeconds", {}, seconds);
    if (event.kind === "served") metrics.count("downloadBytes", {}, event.bytes);
  }
}

function statusOf(event: HttpEvent): string {
  switch (event.kind) {
    case "stored":
      return "201";
    case "preflight":
      return "204";
    case "failed":
      return "500";
    case "refused":
    case "served":
      return String(event.status);
    case "upload-aborted":
    case "download-aborted":
      return "aborted";
  }
}
