import { createHash } from "node:crypto";
import { createServer, type Socket } from "node:net";
import { StreamParser } from "../../../src/xmpp/stream-parser.ts";
import { type Element, element, serialize } from "../../../src/xmpp/xml/xml.ts";

const NS_COMPONENT = "jabber:component:accept";
const NS_STREAMS = "http://etherx.jabber.org/streams";
const NS_STREAM_ERRORS = "urn:ietf:params:xml:ns:xmpp-streams";

/** How a listener for components is set up. */
export interface MongooseimOptions {
  readonly secret: string;
  /** What becomes of a second component of one name: it is refused, or it takes the place of the first. */
  readonly conflictBehaviour?: "disconnect" | "kick_old";
  /** The listener's shaper: so many bytes a second are read from each component. Left out: as fast as they come. */
  readonly maxRate?: number;
}

/** A component that is logged in. */
interface Session {
  readonly host: string;
  readonly socket: Socket;
}

/**
 * The part of MongooseIM that a component sees, on loopback: XEP-0114, routing, and disco#items of its domains. It
 * behaves as 6.3.3 and 6.8.0 were seen to: every component is in disco#items of every domain, in no fixed order.
 */
export class Mongooseim {
  /** Which component logged in, and when (performance.now()). */
  readonly logins: { readonly host: string; readonly at: number }[] = [];
  readonly #options: MongooseimOptions;
  readonly #sessions = new Map<string, Session>();
  readonly #pending = new Map<string, (reply: Element) => void>();
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => this.#accept(socket));
  #requests = 0;

  constructor(options: MongooseimOptions) {
    this.#options = options;
  }

  /** Listens on a free port. */
  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  get componentPort(): number {
    const address = this.#server.address();
    return typeof address === "object" && address ? address.port : 0;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** What a client of any domain is told by its server: all components there are. */
  discoItems(): string[] {
    const hosts = [...this.#sessions.keys()];
    return Math.random() < 0.5 ? hosts : hosts.reverse();
  }

  /**
   * Passes a user's or a server's IQ of type get on to a component.
   *
   * @throws {Error} when no component has the name or no reply comes in `within` milliseconds.
   */
  async request(from: string, to: string, payload: Element, within = 10_000): Promise<Element> {
    const session = this.#sessions.get(to);
    if (session === undefined) throw new Error(`no component ${to}`);
    this.#requests += 1;
    const id = `request-${this.#requests}`;
    const { promise, resolve, reject } = Promise.withResolvers<Element>();
    const giveUp = setTimeout(() => reject(new Error(`no reply from ${to} in ${within} ms`)), within);
    this.#pending.set(id, resolve);
    const iq = element("iq", NS_COMPONENT, { type: "get", id, from, to }, [payload]);
    session.socket.write(serialize(iq, NS_COMPONENT));
    try {
      return await promise;
    } finally {
      clearTimeout(giveUp);
      this.#pending.delete(id);
    }
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    const id = createHash("sha1").update(String(Math.random())).digest("hex").slice(0, 16);
    let host = "";
    let session: Session | undefined;
    const parser = new StreamParser({
      opened: ({ attrs: { to = "" } }) => {
        host = to;
        socket.write(
          `<?xml version='1.0'?><stream:stream xmlns='${NS_COMPONENT}' xmlns:stream='${NS_STREAMS}' from='${host}' id='${id}'>`,
        );
      },
      stanza: (stanza) => {
        if (session !== undefined) this.#route(stanza);
        else if (stanza.name === "handshake") session = this.#logIn({ host, socket }, id, stanza);
      },
      oversized: () => end(socket, "policy-violation"),
      closed: () => socket.end("</stream:stream>"),
      broken: () => end(socket, "not-well-formed"),
    });
    socket.on("data", (bytes: Uint8Array) => {
      parser.write(bytes);
      this.#shape(socket, bytes.length);
    });
    socket.once("close", () => {
      this.#sockets.delete(socket);
      if (session !== undefined && this.#sessions.get(host) === session) this.#sessions.delete(host);
    });
  }

  #logIn(session: Session, id: string, stanza: Element): Session | undefined {
    const { host, socket } = session;
    const digest = createHash("sha1").update(`${id}${this.#options.secret}`, "utf8").digest("hex");
    if (stanza.children.join("") !== digest) {
      end(socket, "not-authorized");
      return undefined;
    }
    const before = this.#sessions.get(host);
    if (before !== undefined && this.#options.conflictBehaviour !== "kick_old") {
      end(socket, "conflict");
      return undefined;
    }
    this.#sessions.set(host, session);
    if (before !== undefined) end(before.socket, "conflict", "Replaced by new connection");
    this.logins.push({ host, at: performance.now() });
    socket.write("<handshake/>");
    return session;
  }

  #route(stanza: Element): void {
    const { id = "", type, to, from } = stanza.attrs;
    if (type === "result" || type === "error") this.#pending.get(id)?.(stanza);
    else if (stanza.name === "iq" && from !== undefined) {
      // Without mod_ping this is how a ping of the domain is answered.
      const error = element("error", NS_COMPONENT, { type: "cancel" }, [
        element("feature-not-implemented", "urn:ietf:params:xml:ns:xmpp-stanzas"),
      ]);
      const reply = element("iq", NS_COMPONENT, { type: "error", id, from: to, to: from }, [error]);
      this.#sessions.get(from)?.socket.write(serialize(reply, NS_COMPONENT));
    }
  }

  /** Reads nothing more until what came fits the rate. */
  #shape(socket: Socket, bytes: number): void {
    const { maxRate } = this.#options;
    if (maxRate === undefined) return;
    socket.pause();
    setTimeout(() => socket.resume(), (bytes / maxRate) * 1000);
  }
}

function end(socket: Socket, condition: string, text?: string): void {
  const more = text === undefined ? "" : `<text xmlns='${NS_STREAM_ERRORS}'>${text}</text>`;
  socket.end(
    `<stream:error><${condition} xmlns='${NS_STREAM_ERRORS}'/>${more}</stream:error></stream:stream>`,
  );
}

/** Starts one. */
export async function startMongooseim(options: MongooseimOptions): Promise<Mongooseim> {
  const server = new Mongooseim(options);
  await server.start();
  return server;
}
