/// <reference path="./xmpp-client.d.ts" />
import { randomUUID } from "node:crypto";
import { client, type Element, xml } from "@xmpp/client";

export interface XmppClientOptions {
  /** The server's c2sPort on loopback. */
  readonly port: number;
  readonly domain: string;
  readonly user: string;
  readonly password: string;
}

/** A logged-in client that shows replies as they are, errors included. */
export interface XmppClient {
  /** The full JID that the server gave. */
  readonly jid: string;
  /**
   * Sends an IQ and gives the reply, of type result or error, as it came.
   *
   * @param child its content: an element, or XML text that is sent as it is.
   * @param within milliseconds to wait: 10,000 when left out.
   * @throws {Error} when no reply came in time or the connection ended.
   */
  iq(type: "get" | "set", to: string, child: Element | string, within?: number): Promise<Element>;
  /** Sends XML text as it is. */
  send(stanza: string): Promise<void>;
  /** All messages that have come, oldest first. */
  readonly messages: readonly Element[];
  close(): Promise<void>;
}

interface Pending {
  readonly resolve: (reply: Element) => void;
  readonly reject: (error: Error) => void;
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/**
 * Logs in over plain TCP and sends initial presence, so that messages come in. It never reconnects.
 *
 * @throws {Error} when the server refuses or cannot be reached.
 */
export async function xmppClient(options: XmppClientOptions): Promise<XmppClient> {
  const { port, domain, user, password } = options;
  const connection = client({
    ...{ service: `xmpp://127.0.0.1:${port}`, domain, username: user },
    // By itself it takes no PLAIN without TLS, and jabberd2 offers nothing else.
    credentials: (authenticate, mechanisms) =>
      authenticate(
        { username: user, password },
        mechanisms.find((mechanism) => mechanism !== "PLAIN") ?? "PLAIN",
      ),
  });
  connection.reconnect.stop();
  // Its own 2 s are short where other servers start at the same time.
  connection.timeout = 10_000;
  const pending = new Map<string, Pending>();
  const messages: Element[] = [];
  let failure: Error | undefined;
  const failAll = (error: Error) => {
    failure = error;
    for (const { reject } of pending.values()) reject(error);
  };
  connection.on("error", failAll);
  connection.on("disconnect", () => failAll(new Error(`the connection of ${user}@${domain} ended`)));
  connection.on("stanza", (stanza: Element) => {
    const { id = "", type } = stanza.attrs;
    if (stanza.is("message")) messages.push(stanza);
    if (stanza.is("iq") && (type === "result" || type === "error")) pending.get(id)?.resolve(stanza);
  });
  try {
    await connection.start();
  } catch (error) {
    await connection.stop();
    throw error;
  }
  await connection.send(xml("presence"));
  return {
    jid: connection.jid?.toString() ?? "",
    messages,
    async iq(type, to, child, within = 10_000) {
      if (failure) throw failure;
      const id = randomUUID();
      const { promise, resolve, reject } = Promise.withResolvers<Element>();
      pending.set(id, { resolve, reject });
      // It may be rejected while the request is still being written.
      promise.catch(() => undefined);
      const giveUp = setTimeout(() => reject(new Error(`no reply from ${to} in ${within} ms`)), within);
      try {
        await connection.write(`<iq type="${type}" id="${id}" to="${escapeXml(to)}">${child}</iq>`);
        return await promise;
      } finally {
        clearTimeout(giveUp);
        pending.delete(id);
      }
    },
    send: (stanza) => connection.write(stanza),
    async close() {
      await connection.stop();
    },
  };
}
