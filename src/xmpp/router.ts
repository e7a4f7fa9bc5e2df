import { bareJid, type Jid, parseJid, prepareDomain } from "../slot/jid.ts";
import type { IgnoredReason } from "./component-events.ts";
import { encodeError, NS_COMPONENT, type StanzaError, stanzaError } from "./stanza-error.ts";
import { childElements, type Element, element, isWrittenWithin } from "./xml/xml.ts";

/** An IQ request that found its route. */
export interface IqRequest {
  readonly from: Jid;
  readonly fromBareJid: string;
  /** The one child element. */
  readonly payload: Element;
}

/** What an IQ is answered with: a payload, an empty result, or an error. */
export type IqAnswer = { readonly result: Element | undefined } | { readonly error: StanzaError };

/** One kind of request that is answered. */
export interface Route {
  readonly type: "get" | "set";
  readonly ns: string;
  readonly name: string;
  /** The feature that disco#info announces for it; undefined where it is announced by another route. */
  readonly feature: string | undefined;
  handle(request: IqRequest): IqAnswer | Promise<IqAnswer>;
}

/** What takes the place of an answer to a stanza that gets none. */
export interface Ignored {
  readonly ignored: IgnoredReason;
}

/**
 * The namespaces in which servers pass stanzas on to a component. COMPAT(jabberd2 2.7): its stanzas keep the namespace
 * in which its router has them, also after a handshake in the component's own. Source: XEP-0114 §3; RFC 6120 §4.8.2.
 */
const contentNamespaces: ReadonlySet<string> = new Set([NS_COMPONENT, "jabber:client", "jabber:server"]);

/** An IQ with a longer id is not answered: written as references, it would be six times as long. In characters. */
const MAX_ID = 4_096;

/**
 * Answers stanzas by (type, namespace, element). Gives the answer, or why none is sent. Answers are in the component's
 * own namespace, whatever that of the stanza.
 *
 * Results and errors are never answered, nor are messages and presence: COMPAT(Prosody 0.12): it returns an
 * error for a request that was answered already, when a client with stream management has gone.
 * Source: RFC 6120 §8.2.3, §8.3.1.
 */
export class Router {
  readonly #host: string;
  readonly #preparedHost: string;
  readonly #routes = new Map<string, Route>();

  constructor(host: string, routes: readonly Route[]) {
    this.#host = host;
    this.#preparedHost = prepareDomain(host);
    for (const route of routes) this.#routes.set(key(route.type, route.ns, route.name), route);
  }

  answer(stanza: Element): Element | Ignored | Promise<Element> {
    const type = stanza.attrs.type;
    const why = unanswerable(stanza);
    if (why !== undefined) return { ignored: why };
    const from = parseJid(stanza.attrs.from ?? "");
    const isForUs = stanza.attrs.to === this.#host || this.#isHost(stanza.attrs.to ?? "");
    if (from === undefined || isForUs === undefined) return { ignored: "address" };
    const payloads = childElements(stanza);
    const payload = payloads[0];
    if (
      (type !== "get" && type !== "set") ||
      payloads.length !== 1 ||
      payload === undefined ||
      !stanza.attrs.id
    ) {
      return errorIq(
        stanza,
        stanzaError("modify", "bad-request", "An IQ needs an id, the type get or set and one child element."),
      );
    }
    const route = this.#routes.get(key(type, payload.ns, payload.name));
    if (route === undefined || !isForUs) {
      return errorIq(stanza, stanzaError("cancel", "service-unavailable"));
    }
    const answer = route.handle({ from, fromBareJid: bareJid(from), payload });
    return answer instanceof Promise
      ? answer.then((done) => answerIq(stanza, done))
      : answerIq(stanza, answer);
  }

  /** Whether a JID is the component's own, with or without a resource; undefined when it is no JID. */
  #isHost(text: string): boolean | undefined {
    const jid = parseJid(text);
    return jid && jid.local === undefined && jid.domain === this.#preparedHost;
  }
}

/** Why a stanza may not be answered, as far as its kind and its id tell. */
function unanswerable({ name, ns, attrs: { type, id } }: Element): IgnoredReason | undefined {
  if (!contentNamespaces.has(ns)) return "unknown";
  if (name !== "iq") return name === "message" || name === "presence" ? name : "unknown";
  if (type === "result" || type === "error") return "response";
  return (id?.length ?? 0) > MAX_ID ? "id" : undefined;
}

function key(type: string, ns: string, name: string): string {
  return `${type} ${ns} ${name}`;
}

function answerIq(request: Element, answer: IqAnswer): Element {
  if ("error" in answer) return errorIq(request, answer.error);
  return element("iq", NS_COMPONENT, replyAttrs(request, "result"), answer.result ? [answer.result] : []);
}

/** The longest echo, in characters as they are written. */
const MAX_ECHO = 16_384;

/**
 * The error for a request, with the request echoed where that is short: some kilobytes can be written as many
 * megabytes, for each element says its namespace anew, and what is too long for the server would end the stream.
 *
 * Source: RFC 6120 §8.3.1, by which the echo may be left out.
 */
export function errorIq(request: Element, error: StanzaError): Element {
  const echo = childElements(request);
  const isShort = isWrittenWithin(echo, MAX_ECHO);
  const children = isShort ? [...echo, encodeError(error)] : [encodeError(error)];
  return element("iq", NS_COMPONENT, replyAttrs(request, "error"), children);
}

function replyAttrs(request: Element, type: "result" | "error"): Record<string, string | undefined> {
  return { type, id: request.attrs.id, from: request.attrs.to, to: request.attrs.from };
}
