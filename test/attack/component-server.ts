import { createServer, type Server, type Socket } from "node:net";
import { waitUntil } from "../peers/process.ts";

const CLOSES = ["</iq>", "/>"] as const;

/** The server's side of a component stream, for a component that is attacked through it. */
export interface ComponentServer {
  readonly port: number;
  /** How often a component has logged in so far. */
  timesOnline(): number;
  /** Resolves when a component is logged in, which may be the case already. */
  online(): Promise<void>;
  /** Resolves when a component has logged in so many times. */
  loggedIn(times: number): Promise<void>;
  /** Sends bytes on the stream. Resolves when the kernel has taken them all. */
  send(bytes: Buffer | string): Promise<void>;
  /**
   * Sends a stanza that has this id, and resolves with the answer.
   *
   * @throws {Error} when the stream ends before, or nothing came for 30 s.
   */
  ask(id: string, stanza: Buffer | string): Promise<string>;
  /** Asks for a slot as this JID, and gives the answer. */
  askSlot(from?: string): Promise<string>;
  /** How many bytes the component has sent since it logged in. */
  received(): number;
  stop(): Promise<void>;
}

/** What a stream of the server's own begins with. */
const header = (domain: string): string =>
  `<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:component:accept' from='${domain}' id='a77ack'>`;

/** The login of one component and, after it, what the component sends. */
class Stream {
  readonly #socket: Socket;
  readonly #waiting = new Map<string, { resolve(answer: string): void; reject(error: Error): void }>();
  #input = "";
  #isIn = false;
  received = 0;

  constructor(socket: Socket, domain: string, loggedIn: (stream: Stream) => void, ended: () => void) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      ended();
      for (const { reject } of this.#waiting.values()) reject(new Error("the component's stream ended"));
    });
    socket.on("data", (bytes: Buffer) => {
      this.#input += bytes.toString("latin1");
      if (this.#isIn) this.#hear(bytes.length);
      else if (this.#input.includes("</handshake>")) {
        this.#isIn = true;
        this.#input = "";
        socket.write("<handshake/>");
        loggedIn(this);
      } else if (/<stream:stream[^>]*>$/.test(this.#input)) socket.write(header(domain));
    });
  }

  /** Takes whole answers from what has come; an answer is known by its id. */
  #hear(bytes: number): void {
    this.received += bytes;
    for (;;) {
      const start = this.#input.indexOf("<iq ");
      const head = this.#input.indexOf(">", start);
      if (start < 0 || head < 0) return;
      const close =
        this.#input[head - 1] === "/" ? head + 1 : this.#input.indexOf(CLOSES[0], head) + CLOSES[0].length;
      if (close < head) return;
      const answer = this.#input.slice(start, close);
      this.#input = this.#input.slice(close);
      const id = / id='([^']*)'/.exec(answer)?.[1] ?? "";
      this.#waiting.get(id)?.resolve(Buffer.from(answer, "latin1").toString());
      this.#waiting.delete(id);
    }
  }

  send(bytes: Buffer | string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }

  async ask(id: string, stanza: Buffer | string): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#waiting.set(id, { resolve, reject });
    const late = setTimeout(() => reject(new Error(`no answer to ${id} in 30 s`)), 30_000);
    // It may be rejected while the bytes are still on their way.
    promise.catch(() => undefined);
    try {
      await this.send(stanza);
      return await promise;
    } finally {
      clearTimeout(late);
    }
  }

  end(): void {
    this.#socket.destroy();
  }
}

/** Listens on a free port of loopback for one component of this domain. It takes any secret. */
export async function startComponentServer(domain: string): Promise<ComponentServer> {
  let stream: Stream | undefined;
  let whenOnline = Promise.withResolvers<void>();
  let [times, asked] = [0, 0];
  const server: Server = createServer({ noDelay: true }, (socket) => {
    new Stream(
      socket,
      domain,
      (loggedIn) => {
        stream = loggedIn;
        times += 1;
        whenOnline.resolve();
      },
      () => {
        stream = undefined;
        whenOnline = Promise.withResolvers<void>();
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const current = (): Stream => {
    if (stream === undefined) throw new Error("the component is not logged in");
    return stream;
  };
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    timesOnline: () => times,
    online: () => whenOnline.promise,
    async loggedIn(least) {
      await waitUntil(`${least} logins of the component`, () => times >= least && stream !== undefined);
    },
    send: async (bytes) => current().send(bytes),
    ask: async (id, stanza) => current().ask(id, stanza),
    async askSlot(from = "alice@example.test/phone") {
      asked += 1;
      return current().ask(`slot-${asked}`, slotRequest(domain, `slot-${asked}`, from));
    },
    received: () => current().received,
    async stop() {
      stream?.end();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A request for a small file. */
function slotRequest(domain: string, id: string, from: string): string {
  return `<iq type='get' id='${id}' from='${from}' to='${domain}'><request xmlns='urn:xmpp:http:upload:0' filename='a.jpg' size='5' content-type='image/jpeg'/></iq>`;
}
