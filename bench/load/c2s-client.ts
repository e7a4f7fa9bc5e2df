import { connect, type Socket } from "node:net";
import { requestElement } from "./slot-requests.ts";

export interface C2sOptions {
  readonly port: number;
  readonly domain: string;
  readonly user: string;
  readonly password: string;
}

/** How one run of slot requests went. */
export interface SlotRun {
  /** Answers a second. */
  readonly rate: number;
  /** Milliseconds, sorted. */
  readonly latencies: readonly number[];
}

/** A logged-in client that does as little as possible, so that it is not what is measured. */
export interface C2sClient {
  /**
   * Asks `to` for slots for this many seconds, `inFlight` at a time.
   *
   * @throws {Error} when an answer is no slot.
   */
  request(to: string, inFlight: number, seconds: number): Promise<SlotRun>;
  /** Asks the same so many times, all at once, and gives the answers' XML. */
  ask(to: string, request: string, times: number): Promise<string[]>;
  close(): void;
}

/** Logs in over plain TCP with SASL PLAIN. */
export async function connectC2s(options: C2sOptions): Promise<C2sClient> {
  const { port, domain, user, password } = options;
  const socket = connect(port, "127.0.0.1").setNoDelay(true);
  const reader = new StanzaReader(socket);
  const header = `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='${domain}' version='1.0'>`;
  const say = async (xml: string, end: string): Promise<void> => {
    socket.write(xml);
    const answer = await reader.until(end);
    if (/<failure|<stream:error/.test(answer)) throw new Error(`the server refused the login: ${answer}`);
  };
  await say(header, "</stream:features>");
  const plain = Buffer.from(`\0${user}\0${password}`).toString("base64");
  await say(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`, ">");
  await say(header, "</stream:features>");
  await say("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", "</iq>");
  return {
    request: (to, inFlight, seconds) => requestSlots(socket, reader, { to, inFlight, seconds }),
    ask: (to, request, times) =>
      new Promise((resolve) => {
        const answers: string[] = [];
        reader.each("</iq>", (answer) => {
          if (answers.push(answer) === times) resolve(answers);
        });
        socket.write(`<iq type='get' id='ask' to='${to}'>${request}</iq>`.repeat(times));
      }),
    close: () => socket.destroy(),
  };
}

/** Cuts what comes at the ends of stanzas. */
class StanzaReader {
  #input = "";
  #end = "";
  #tell: ((text: string) => void) | undefined;

  constructor(socket: Socket) {
    socket.setEncoding("utf8");
    socket.on("data", (piece: string) => {
      this.#input += piece;
      this.#cut();
    });
  }

  /** All up to and with the next `end`. */
  until(end: string): Promise<string> {
    return new Promise((resolve) => {
      this.each(end, (text) => {
        this.#tell = undefined;
        resolve(text);
      });
    });
  }

  /** Tells each text that ends with `end`, until the next call. */
  each(end: string, tell: (text: string) => void): void {
    this.#end = end;
    this.#tell = tell;
    this.#cut();
  }

  #cut(): void {
    for (let at = this.#input.indexOf(this.#end); at >= 0; at = this.#input.indexOf(this.#end)) {
      const tell = this.#tell;
      if (tell === undefined) return;
      const text = this.#input.slice(0, at + this.#end.length);
      this.#input = this.#input.slice(text.length);
      tell(text);
    }
  }
}

function requestSlots(
  socket: Socket,
  reader: StanzaReader,
  { to, inFlight, seconds }: { readonly to: string; readonly inFlight: number; readonly seconds: number },
): Promise<SlotRun> {
  const asked = new Map<string, number>();
  const latencies: number[] = [];
  let number = 0;
  const one = (): string => {
    number += 1;
    asked.set(`s${number}`, performance.now());
    return `<iq type='get' id='s${number}' to='${to}'>${requestElement(number)}</iq>`;
  };
  const started = performance.now();
  return new Promise((resolve, reject) => {
    reader.each("</iq>", (answer) => {
      const now = performance.now();
      const id = /\sid=['"]([^'"]+)/.exec(answer)?.[1] ?? "";
      if (!/^\s*<iq[^>]*\stype=['"]result/.test(answer) || !answer.includes("<put")) {
        reject(new Error(`an answer is not a slot: ${answer}`));
        return;
      }
      latencies.push(now - (asked.get(id) ?? Number.NaN));
      asked.delete(id);
      if (now - started < seconds * 1000) socket.write(one());
      else if (asked.size === 0) {
        latencies.sort((a, b) => a - b);
        resolve({ rate: latencies.length / ((now - started) / 1000), latencies });
      }
    });
    socket.write(Array.from({ length: inFlight }, one).join(""));
  });
}
