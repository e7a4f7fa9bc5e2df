import { printable } from "../slot/printable.ts";
import { NS_STREAM_ERRORS } from "./stream-names.ts";
import { childElements, childOf, type Element, textOf } from "./xml/xml.ts";

/** Every reason for which a component's stream can be down. */
export const streamProblemKinds = [
  "unreachable",
  "timeout",
  "wrong-secret",
  "unknown-host",
  "conflict",
  "replaced",
  "refused",
  "closed",
  "frozen",
  "invalid-stream",
] as const;

/** Why a component's stream is down. */
export type StreamProblemKind = (typeof streamProblemKinds)[number];

export interface StreamProblem {
  readonly kind: StreamProblemKind;
  /** Some sentences for the log: what is wrong and what to do. */
  readonly text: string;
  /** The server's own text, where it gave one: printable, on one line, 200 characters at most. */
  readonly serverText?: string;
}

/** Where a stream goes to; for the texts. */
export interface StreamTarget {
  /** The component's JID. */
  readonly host: string;
  /** host:port of the server's component port. */
  readonly address: string;
}

/** Why a connection could not be made, or broke. */
export interface ConnectionFailure {
  /** The operating system's text, or that of TLS. */
  readonly reason: string;
  /** Its code, such as ECONNREFUSED. */
  readonly code?: string | undefined;
}

/** Says what is wrong with a connection that could not be made. */
export function unreachable(target: StreamTarget, { reason, code }: ConnectionFailure): StreamProblem {
  return {
    kind: "unreachable",
    text: `Cannot connect to the component port ${target.address}: ${reason}. ${adviceOn(code, target)}`,
  };
}

const startOrCorrect =
  "Start the XMPP server, or correct xmpp.address: it is the component port, not the one of clients.";

function adviceOn(code: string | undefined, { address }: StreamTarget): string {
  const host = address.slice(0, address.lastIndexOf(":"));
  switch (code) {
    case "ECONNREFUSED":
      return `${startOrCorrect} Prosody opens that port with its first Component, which it loads at a restart and not at a reload.`;
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return `The certificate of the XMPP server is not for ${host}: set xmpp.address to a name in the certificate, or obtain a certificate for ${host}.`;
    case "CERT_HAS_EXPIRED":
    case "CERT_NOT_YET_VALID":
      return "Renew the certificate of the XMPP server, or correct this machine's clock.";
    case "ERR_SSL_WRONG_VERSION_NUMBER":
      return "The port does not speak TLS: set xmpp.tls to false, or enable TLS from the first byte on the server's component port.";
    default:
      if (isUntrusted(code))
        return `The certificate of the XMPP server is not trusted: set xmpp.tls_ca to the PEM file of the authority that issued it, or to the certificate itself if it is self-signed. It must be valid for ${host}.`;
      return startOrCorrect;
  }
}

/** Codes of OpenSSL for a chain that ends in no authority that is trusted. */
function isUntrusted(code = ""): boolean {
  return code.startsWith("UNABLE_TO_") || code.includes("SELF_SIGNED_CERT") || code === "CERT_UNTRUSTED";
}

/** Says that the server did not answer in time during the login. */
export function timedOut(target: StreamTarget, seconds: number): StreamProblem {
  return {
    kind: "timeout",
    text: `${target.address} did not respond within ${seconds} s. Check that it is the server's component port (XEP-0114), and that xmpp.tls matches it.`,
  };
}

/** Says that a server which was online sends nothing any more. */
export function frozen(target: StreamTarget, seconds: number): StreamProblem {
  return {
    kind: "frozen",
    text: `The XMPP server at ${target.address} has sent nothing for ${seconds} s, not even responses to pings.`,
  };
}

/** Says that the server ended the stream without an error. */
export function closedByServer(target: StreamTarget, online: boolean): StreamProblem {
  return online
    ? {
        kind: "closed",
        text: `The XMPP server at ${target.address} closed the stream: it is stopping, or has reloaded its configuration.`,
      }
    : {
        kind: "refused",
        text: `${target.address} closed the connection during the login. Check that it is the component port (XEP-0114), and that xmpp.tls matches it.`,
      };
}

/** Says that what the server sent is no XMPP stream. */
export function invalidStream(target: StreamTarget, reason: string): StreamProblem {
  return { kind: "invalid-stream", text: `${target.address} does not speak XEP-0114: ${reason}.` };
}

/**
 * Reads a <stream:error/>: what it means for a component and what to do. A conflict during the login means that the
 * server keeps the connection that is there, a conflict afterwards that it has let another one in its place.
 *
 * Source: RFC 6120 §4.9.3. COMPAT(Prosody 0.12): an unknown host is told in reply to the header;
 * COMPAT(ejabberd 23.01): it is told as not-authorized after the handshake.
 */
export function fromStreamError(error: Element, target: StreamTarget, isOnline: boolean): StreamProblem {
  const conditions = childElements(error).filter((child) => child.ns === NS_STREAM_ERRORS);
  const condition = conditions.find((child) => child.name !== "text")?.name ?? "undefined-condition";
  const text = childOf(error, "text", NS_STREAM_ERRORS);
  const serverText = text === undefined ? "" : printable(textOf(text).trim());
  const problem = problemOf(condition, target, isOnline);
  return serverText === "" ? problem : { ...problem, serverText };
}

function problemOf(condition: string, target: StreamTarget, isOnline: boolean): StreamProblem {
  const { host, address } = target;
  switch (condition) {
    case "not-authorized":
      return {
        kind: "wrong-secret",
        text: `The XMPP server refused the secret for ${host}. Make xmpp.secret equal to the secret in the server's configuration; on ejabberd also check that the listener's hosts include ${host}.`,
      };
    case "host-unknown":
      return {
        kind: "unknown-host",
        text: `The XMPP server does not know the component ${host}. Add it to the server's configuration ("slotd init" prints the lines; Prosody loads it at a restart, not at a reload), or correct host; and check that ${address} is the component port.`,
      };
    case "conflict":
      return isOnline ? replaced(target) : conflict(target);
    case "invalid-namespace":
      return {
        kind: "refused",
        text: `The XMPP server at ${address} accepts no components there: it ended the stream of ${host} with ${condition}. Check that it is the component port; on jabberd2 set <secret> under <local> in router.xml.`,
      };
    default:
      return {
        kind: "refused",
        text: `The XMPP server ended the stream of ${host} with ${printable(condition)}.`,
      };
  }
}

function conflict({ host }: StreamTarget): StreamProblem {
  return {
    kind: "conflict",
    text: `Another component is connected as ${host}, or the server itself uses that name, as it does with a mod_http_upload or http_file_share that was not removed. slotd is on standby until the name is free.`,
  };
}

function replaced({ host }: StreamTarget): StreamProblem {
  return {
    kind: "replaced",
    text: `Another component logged in as ${host}, and the XMPP server disconnected this one ("kick_old" of MongooseIM's conflict_behaviour or Prosody's component_conflict_resolve). Two slotd processes on such a server disconnect each other: stop one of them, or configure the server to refuse the second, which is then on standby.`,
  };
}
