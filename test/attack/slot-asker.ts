import { createServer, type Socket } from "node:net";
import { NS_UPLOAD } from "../../src/xmpp/upload.ts";

export interface WantedSlot {
  /** A bare JID. */
  readonly jid: string;
  readonly size: number;
}

/** An XMPP server that lets every component in, and does nothing but ask them for slots. */
export interface SlotAsker {
  readonly port: number;
  /** Resolves when the component of this domain has logged in. */
  connected(domain: string): Promise<void>;
  /**
   * Asks this component for a slot for each of these, so many at once, and counts its answers by what they are: "slot",
   * or the condition of the error.
   */
  ask(domain: string, wanted: readonly WantedSlot[], inFlight: number): Promise<Record<string, number>>;
  stop(): void;
}

/** Listens on a free port of loopback. */
export async function startSlotAsker(): Promise<SlotAsker> {
  const sockets = new Map<string, PromiseWithResolvers<Socket>>();
  const componentOf = (domain: string): PromiseWithResolvers<Socket> => {
    const known = sockets.get(domain) ?? Promise.withResolvers<Socket>();
    sockets.set(domain, known);
    return known;
  };
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => undefined);
    welcome(socket, (domain) => componentOf(domain).resolve(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : 0,
    connected: async (domain) => {
      await componentOf(domain).promise;
    },
    ask: async (domain, wanted, inFlight) => ask(await componentOf(domain).promise, domain, wanted, inFlight),
    stop() {
      server.close();
      for (const { promise } of sockets.values()) promise.then((socket) => socket.destroy());
    },
  };
}

/** Answers header and handshake. Source: XEP-0114 §3. */
function welcome(socket: Socket, loggedIn: (domain: string) => void): void {
  let input = "";
  let domain: string | undefined;
  const read = (bytes: Buffer): void => {
    input += bytes.toString("utf8");
    const to = /<stream:stream[^>]* to=['"]([^'"]+)['"][^>]*>/.exec(input)?.[1];
    if (domain === undefined && to !== undefined) {
      domain = to;
      socket.write(
        `<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:component:accept' from='${domain}' id='ask'>`,
      );
    }
    if (domain === undefined || !input.includes("</handshake>")) return;
    socket.off("data", read);
    socket.write("<handshake/>");
    answerPings(socket, domain);
    loggedIn(domain);
  };
  socket.on("data", read);
}

/**
 * Else a component that nobody asks takes the server for dead after 45 s, and connects again. Of several pings in 45 s
 * one may come in two pieces.
 */
function answerPings(socket: Socket, host: string): void {
  socket.on("data", (bytes: Buffer) => {
    if (!bytes.includes("urn:xmpp:ping")) return;
    for (const [, id] of bytes.toString("utf8").matchAll(/<iq [^>]*id=['"](ping-[^'"]+)['"][^>]*><ping /g)) {
      socket.write(`<iq type='result' id='${id}' to='${host}'/>`);
    }
  });
}

function ask(
  socket: Socket,
  domain: string,
  wanted: readonly WantedSlot[],
  inFlight: number,
): Promise<Record<string, number>> {
  const answers: Record<string, number> = {};
  let asked = 0;
  let answered = 0;
  let input = "";
  const send = (): void => {
    let batch = "";
    for (; asked < wanted.length && asked - answered < inFlight; asked += 1) {
      const { jid, size } = wanted[asked] ?? { jid: "", size: 0 };
      batch += `<iq type='get' id='${asked}' from='${jid}/x' to='${domain}'><request xmlns='${NS_UPLOAD}' filename='a.jpg' size='${size}'/></iq>`;
    }
    if (batch !== "") socket.write(batch);
  };
  return new Promise((resolve) => {
    const read = (bytes: Buffer): void => {
      input += bytes.toString("utf8");
      for (let end = input.indexOf("</iq>"); end >= 0; end = input.indexOf("</iq>")) {
        const answer = input.slice(0, end);
        input = input.slice(end + 5);
        if (!/ type=['"](result|error)/.test(answer)) continue;
        const what = answer.includes("<slot")
          ? "slot"
          : (/<([a-z-]+) xmlns=['"][^'"]*stanzas/.exec(answer)?.[1] ?? "other");
        answers[what] = (answers[what] ?? 0) + 1;
        answered += 1;
      }
      send();
      if (answered < wanted.length) return;
      socket.off("data", read);
      resolve(answers);
    };
    socket.on("data", read);
    send();
  });
}
