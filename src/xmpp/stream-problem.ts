import { NS_STREAM_ERRORS } from "./stream-names.ts";
import { childElements, type Element } from "./xml/xml.ts";

/** Every reason for which a component's stream can be down. */
export const streamProblemKinds = [
  "unreachable",
  "timeout",
  "wrong-secret",
  "unknown-host",
  "conflict",
  "refused",
  "closed",
  "frozen",
  "invalid-stream",
] as const;

/** Why a component's stream is down. */
export type StreamProblemKind = (typeof streamProblemKinds)[number];

export interface StreamProblem {
  readonly kind: StreamProblemKind;
  /** One sentence for the log: what is wrong and what to do. */
  readonly text: string;
}

/** Where a stream goes to; for the texts. */
export interface StreamTarget {
  /** The component's JID. */
  readonly host: string;
  /** host:port of the server's component port. */
  readonly address: string;
}

/** Says what is wrong with a connection that could not be made. `reason` is the operating system's or TLS's. */
export function unreachable(target: StreamTarget, reason: string): StreamProblem {
  return {
    kind: "unreachable",
    text: `Cannot connect to the component port ${target.address}: ${reason}. Is the XMPP server running, and is xmpp.address right?`,
  };
}

/** Says that the server did not answer in time during the login. */
export function timedOut(target: StreamTarget, seconds: number): StreamProblem {
  return {
    kind: "timeout",
    text: `${target.address} did not answer within ${seconds} s. Is it the server's component port (XEP-0114), and does xmpp.tls fit it?`,
  };
}

/** Says that a server which was online sends nothing any more. */
export function frozen(target: StreamTarget, seconds: number): StreamProblem {
  return {
    kind: "frozen",
    text: `The XMPP server at ${target.address} has sent nothing for ${seconds} s, not even answers to pings.`,
  };
}

/** Says that the server ended the stream without an error. */
export function closedByServer(target: StreamTarget, online: boolean): StreamProblem {
  return online
    ? {
        kind: "closed",
        text: `The XMPP server at ${target.address} closed the stream: it stops, or has reloaded its configuration.`,
      }
    : {
        kind: "refused",
        text: `${target.address} closed the connection during the login. Is it the component port (XEP-0114), and does xmpp.tls fit it?`,
      };
}

/** Says that what the server sent is no XMPP stream. */
export function invalidStream(target: StreamTarget, reason: string): StreamProblem {
  return { kind: "invalid-stream", text: `${target.address} does not speak XEP-0114: ${reason}.` };
}

/**
 * Reads a <stream:error/>: what it means for a component and what to do.
 * Source: RFC 6120 §4.9.3. COMPAT(Prosody 0.12): an unknown host is told in reply to the header;
 * COMPAT(ejabberd 23.01): it is told as not-authorized after the handshake.
 */
export function fromStreamError(error: Element, target: StreamTarget): StreamProblem {
  const conditions = childElements(error).filter((child) => child.ns === NS_STREAM_ERRORS);
  const condition = conditions.find((child) => child.name !== "text")?.name ?? "undefined-condition";
  switch (condition) {
    case "not-authorized":
      return {
        kind: "wrong-secret",
        text: `The XMPP server refused the secret for ${target.host}. Make xmpp.secret equal to the secret in the server's configuration; on ejabberd also check that ${target.host} stands under the listener's hosts.`,
      };
    case "host-unknown":
      return {
        kind: "unknown-host",
        text: `The XMPP server does not know the component ${target.host}. Add it to the server's configuration ("slotd init" prints the lines), or correct host; and check that ${target.address} is the component port.`,
      };
    case "conflict":
      return {
        kind: "conflict",
        text: `Another component is connected as ${target.host}, or that is a domain of the server itself. Standing by until it is free.`,
      };
    default:
      return {
        kind: "refused",
        text: `The XMPP server ended the stream of ${target.host} with ${condition}.`,
      };
  }
}
