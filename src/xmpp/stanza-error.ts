import {
  type Refusal,
  refusalCodes,
  type StanzaErrorCondition,
  type StanzaErrorType,
} from "../slot/refusal.ts";
import { type Element, element } from "./xml/xml.ts";

export const NS_COMPONENT = "jabber:component:accept";
export const NS_STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";

/** What goes into an <error/>: condition first, then text, then what the application adds. Source: RFC 6120 §8.3.2. */
export interface StanzaError {
  readonly type: StanzaErrorType;
  readonly condition: StanzaErrorCondition;
  readonly text: string | undefined;
  readonly application: readonly Element[];
}

/** A stanza error without an application's element. */
export function stanzaError(
  type: StanzaErrorType,
  condition: StanzaErrorCondition,
  text?: string,
): StanzaError {
  return { type, condition, text, application: [] };
}

/** A refusal as a stanza error, by the one table. */
export function refusalError(refusal: Refusal, application: readonly Element[] = []): StanzaError {
  const { type, condition } = refusalCodes[refusal.kind];
  return { type, condition, text: refusal.text, application };
}

/** The <error/> element. */
export function encodeError(error: StanzaError): Element {
  const children = [element(error.condition, NS_STANZAS)];
  if (error.text !== undefined)
    children.push(element("text", NS_STANZAS, { "xml:lang": "en" }, [error.text]));
  return element("error", NS_COMPONENT, { type: error.type }, [...children, ...error.application]);
}
