import { connect, type Socket } from "node:net";

/** A PUT whose body is held back in the middle, as over a weak link. */
export class HeldPut {
  readonly #socket: Socket;
  readonly #rest: Buffer;
  readonly #answer: Promise<string>;

  /** Sends the head to the URL's host and port, and this many bytes of the body. No byte of the URL is changed. */
  constructor(url: string, body: Buffer, sent: number) {
    const [, host = "", target = ""] = /^http:\/\/([^/]+)(.*)$/.exec(url) ?? [];
    const [, port = "80"] = /:(\d+)$/.exec(host) ?? [];
    const chunks: Buffer[] = [];
    this.#rest = body.subarray(sent);
    this.#socket = connect(Number(port), "127.0.0.1");
    this.#socket.write(`PUT ${target} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${body.length}\r\n`);
    this.#socket.write("Connection: close\r\n\r\n");
    this.#socket.write(body.subarray(0, sent));
    this.#answer = new Promise((resolve) => {
      this.#socket.on("data", (chunk: Buffer) => chunks.push(chunk));
      this.#socket.on("error", () => undefined);
      this.#socket.on("close", () => resolve(Buffer.concat(chunks).toString("latin1")));
    });
  }

  /** Sends the rest. Gives the status of the answer; 0 when there was none. */
  async finish(): Promise<number> {
    this.#socket.write(this.#rest);
    return Number((await this.#answer).split(" ", 2)[1] ?? 0);
  }

  /** Sends a byte every so many milliseconds until there is an answer. Gives its status; 0 when there was none. */
  async drip(every: number): Promise<number> {
    const timer = setInterval(() => this.#socket.write("x"), every);
    try {
      return Number((await this.#answer).split(" ", 2)[1] ?? 0);
    } finally {
      clearInterval(timer);
    }
  }

  /** The client goes away. */
  abort(): void {
    this.#socket.destroy();
  }
}
