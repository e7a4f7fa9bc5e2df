import { createServer, type Server, type Socket } from "node:net";
import { slotRequests } from "./slot-requests.ts";

/** How many requests are on their way at most: enough that the component never waits. */
const WINDOW = 2_000;
const END = Buffer.from("</iq>");

/** The server's side of a component stream that does nothing but ask for slots as fast as they are answered. */
export interface ComponentPeer {
  readonly port: number;
  /** Resolves when a component has logged in. It takes any secret. */
  connected(): Promise<void>;
  /**
   * Floods the component with requests for this many seconds, and gives the answers a second.
   *
   * @throws {Error} when one of the first and last answers is no slot for its request.
   */
  flood(seconds: number): Promise<number>;
  /** Asks for one slot, and resolves when it is answered. */
  askOne(): Promise<void>;
  stop(): void;
}

/** Listens on a free port of loopback for one component of this domain. */
export async function startComponentPeer(domain: string): Promise<ComponentPeer> {
  const { promise: login, resolve: loggedIn } = Promise.withResolvers<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => {});
    welcome(socket, domain).then(loggedIn);
  });
  const port = await listen(server);
  return {
    port,
    connected: async () => void (await login),
    flood: async (seconds) => flood(await login, domain, seconds),
    askOne: async () => askOne(await login, domain),
    stop: () => {
      server.close();
      login.then((socket) => socket.destroy());
    },
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : 0);
    });
  });
}

/** Answers header and handshake. Source: XEP-0114 §3. */
function welcome(socket: Socket, domain: string): Promise<Socket> {
  let input = "";
  return new Promise((resolve) => {
    const read = (bytes: Buffer): void => {
      input += bytes.toString("latin1");
      if (input.includes("</handshake>")) {
        socket.off("data", read);
        socket.write("<handshake/>");
        resolve(socket);
      } else if (input.includes("<stream:stream") && input.endsWith(">")) {
        input = "";
        socket.write(
          `<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:component:accept' from='${domain}' id='b3nch'>`,
        );
      }
    };
    socket.on("data", read);
  });
}

function askOne(socket: Socket, domain: string): Promise<void> {
  return new Promise((resolve) => {
    let input = "";
    const read = (bytes: Buffer): void => {
      input += bytes.toString("latin1");
      if (!input.includes("</slot></iq>")) return;
      socket.off("data", read);
      resolve();
    };
    socket.on("data", read);
    socket.write(slotRequests(domain, 1).bytes);
  });
}

function flood(socket: Socket, domain: string, seconds: number): Promise<number> {
  const batch = slotRequests(domain, WINDOW / 4);
  let asked = 0;
  let answered = 0;
  const answers = new AnswerCounter();
  const first: Buffer[] = [];
  let last: Buffer = Buffer.alloc(0);
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const ask = (): void => {
      if (performance.now() - started > seconds * 1000) return;
      while (asked - answered <= WINDOW - batch.count) {
        asked += batch.count;
        socket.write(batch.bytes);
      }
    };
    const read = (bytes: Buffer): void => {
      answered += answers.count(bytes);
      if (first.length < 4) first.push(bytes);
      last = bytes;
      ask();
      if (answered < asked) return;
      const elapsed = (performance.now() - started) / 1000;
      socket.off("data", read);
      const seen = [Buffer.concat(first), last];
      const wrong = seen
        .map((bytes) => notASlot(bytes.toString("utf8")))
        .find((answer) => answer !== undefined);
      if (wrong === undefined) resolve(answered / elapsed);
      else reject(new Error(`an answer is not a slot: ${wrong}`));
    };
    socket.on("data", read);
    ask();
  });
}

/** Counts the ends of stanzas in pieces cut anywhere. */
class AnswerCounter {
  #rest = 0;

  count(bytes: Buffer): number {
    let found = 0;
    // The end tag may be cut between two pieces.
    if (this.#rest > 0) {
      const missing = END.subarray(this.#rest);
      const head = bytes.subarray(0, missing.length);
      if (head.equals(missing)) found = 1;
    }
    let at = bytes.indexOf(END);
    while (at >= 0) {
      found += 1;
      at = bytes.indexOf(END, at + END.length);
    }
    this.#rest = cutEnd(bytes);
    return found;
  }
}

/** How many bytes of an end tag stand at the end of a piece. */
function cutEnd(bytes: Buffer): number {
  for (let length = END.length - 1; length > 0; length -= 1) {
    if (bytes.subarray(-length).equals(END.subarray(0, length))) return length;
  }
  return 0;
}

/** The first whole answer in a text that is not a result with a PUT and a GET URL. */
function notASlot(text: string): string | undefined {
  const answers = text.match(/<iq [^>]*>.*?<\/iq>/gs) ?? [];
  return answers.find(
    (answer) => !/^<iq [^>]*type=['"]result/.test(answer) || !/<put url=.*<get url=/s.test(answer),
  );
}
