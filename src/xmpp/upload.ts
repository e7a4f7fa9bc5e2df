import { formatDateTime } from "../slot/date-time.ts";
import type { Requester } from "../slot/policy.ts";
import type { Purpose, RawPurpose } from "../slot/purpose.ts";
import type { Refusal } from "../slot/refusal.ts";
import type { Bytes, Slot, SlotRequest } from "../slot/slot.ts";
import { readSlotRequest } from "../slot/slot-request.ts";
import type { Identity, Info, InfoForm } from "./disco.ts";
import type { IqAnswer, IqRequest, Route } from "./router.ts";
import { refusalError } from "./stanza-error.ts";
import { childElements, childOf, type Element, element, textOf } from "./xml/xml.ts";

export const NS_UPLOAD = "urn:xmpp:http:upload:0";
/** The namespace before version 0.3, whose request and slot are child elements. COMPAT(Dino): it falls back to it. */
export const NS_UPLOAD_LEGACY = "urn:xmpp:http:upload";
/** Its elements, in a request of either namespace, state what the file is for. Source: XEP-0363 1.2 §5. */
export const NS_PURPOSE = "urn:xmpp:http:upload:purpose:0";

type UploadNs = typeof NS_UPLOAD | typeof NS_UPLOAD_LEGACY;
const namespaces: readonly UploadNs[] = [NS_UPLOAD, NS_UPLOAD_LEGACY];

/** Decides on a slot request and makes the slot. */
export type SlotService = (
  request: SlotRequest,
  requester: Requester,
) => Slot | Refusal | Promise<Slot | Refusal>;

/**
 * Watches a slot request from the moment it came. What it gives is told once how the request ended, and gives what
 * the requester is told. `request` is undefined when it could not be read.
 */
export type SlotWatch = (
  requester: Requester,
) => (outcome: Slot | Refusal, request: SlotRequest | undefined) => Slot | Refusal;

const unwatched: SlotWatch = () => (outcome) => outcome;

/** The routes of HTTP File Upload, in both namespaces. Source: XEP-0363 §4. */
export function uploadRoutes(service: SlotService, watch: SlotWatch = unwatched): Route[] {
  return namespaces.flatMap((ns) => [
    {
      type: "get",
      ns,
      name: "request",
      // uploadInfo announces it, to whom it is offered.
      feature: undefined,
      handle: (request) => answerRequest(request, ns, service, watch),
    } satisfies Route,
    {
      type: "set",
      ns,
      name: "request",
      feature: undefined,
      handle: (request) => encodeOutcome(watch(requesterOf(request))(setRefusal, undefined), ns),
    } satisfies Route,
  ]);
}

const identity: Identity = { category: "store", type: "file", name: "HTTP File Upload" };

/**
 * What is said of the service to those to whom it is not offered: that it is there, and nothing by which a client
 * recognises it. COMPAT(go-sendxmpp 0.5): it goes by the identity, whatever the features.
 */
export const notOffered: Info = {
  identity: { category: "component", type: "generic", name: identity.name },
  features: [],
  forms: [],
};

/**
 * What announces the service: the identity, the features of both namespaces and of the purposes that are on, and the forms that tell
 * the maximum file size; without a limit they have no field for it. Source: XEP-0363 §3, 1.2 §5.
 */
export function uploadInfo(maxFileSize: Bytes | undefined, purposes: readonly Purpose[]): Info {
  const fields: Record<string, string> =
    maxFileSize === undefined ? {} : { "max-file-size": String(maxFileSize) };
  return {
    identity,
    features: [...namespaces, ...purposes.map((purpose) => `${NS_PURPOSE}#${purpose}`)],
    forms: namespaces.map((formType): InfoForm => ({ formType, fields })),
  };
}

const setRefusal: Refusal = { kind: "not-allowed", text: "Request a slot with an IQ of type get." };

function answerRequest(
  iq: IqRequest,
  ns: UploadNs,
  service: SlotService,
  watch: SlotWatch,
): IqAnswer | Promise<IqAnswer> {
  const requester = requesterOf(iq);
  const end = watch(requester);
  const request = decodeRequest(iq.payload, ns);
  if ("kind" in request) return encodeOutcome(end(request, undefined), ns);
  const outcome = service(request, requester);
  const answer = (done: Slot | Refusal): IqAnswer => encodeOutcome(end(done, request), ns);
  return outcome instanceof Promise ? outcome.then(answer) : answer(outcome);
}

/** Who asks, for the policy. */
export function requesterOf({ from, fromBareJid }: IqRequest): Requester {
  return { bareJid: fromBareJid, domain: from.domain };
}

function encodeOutcome(outcome: Slot | Refusal, ns: UploadNs): IqAnswer {
  return "kind" in outcome ? refused(outcome, ns) : { result: encodeSlot(outcome, ns) };
}

/** Reads a <request/> of either namespace. Source: XEP-0363 §4, §5. */
export function decodeRequest(payload: Element, ns: UploadNs): SlotRequest | Refusal {
  const value = (name: string): string | undefined => {
    if (ns === NS_UPLOAD) return payload.attrs[name];
    const child = childOf(payload, name, ns);
    return child && textOf(child);
  };
  return readSlotRequest({
    filename: value("filename"),
    size: value("size"),
    contentType: value("content-type"),
    ...(payload.children.length > 0 && { purposes: purposesIn(payload) }),
  });
}

function purposesIn(payload: Element): RawPurpose[] {
  return childElements(payload)
    .filter((child) => child.ns === NS_PURPOSE)
    .map(({ name, attrs }) => ({ name, expireBefore: attrs["expire-before"] }));
}

/** Writes a <slot/> of either namespace. Source: XEP-0363 §4. */
export function encodeSlot(slot: Slot, ns: UploadNs): Element {
  const url = (name: string, value: string): Element =>
    ns === NS_UPLOAD ? element(name, ns, { url: value }) : element(name, ns, {}, [value]);
  return element("slot", ns, {}, [url("put", slot.putUrl), url("get", slot.getUrl)]);
}

function refused(refusal: Refusal, ns: UploadNs): IqAnswer {
  return { error: refusalError(refusal, refusalDetails(refusal, ns)) };
}

/** What XEP-0363 §6 adds to an error: the limit in the namespace of the request, and the time to try again. */
function refusalDetails(refusal: Refusal, ns: UploadNs): Element[] {
  if (refusal.kind === "too-large") {
    const limit = element("max-file-size", ns, {}, [String(refusal.maxFileSize)]);
    return [element("file-too-large", ns, {}, [limit])];
  }
  if (!("retryAt" in refusal) || refusal.retryAt === undefined) return [];
  // There is none in the older namespace, whose version of the XEP knew no retry.
  return [element("retry", NS_UPLOAD, { stamp: formatDateTime(refusal.retryAt) })];
}
