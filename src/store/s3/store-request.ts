import { type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { Seconds } from "../../slot/slot.ts";

/** What a store answered, and why it refused, in its own words. */
export interface StoreAnswer {
  readonly status: number;
  /** The Code of S3's error document; "" when there was none. */
  readonly code: string;
  readonly message: string;
}

/** The connection to the store failed, or nothing moved on it for too long. */
export class StoreConnectionError extends Error {
  readonly code = "store-connection";
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "StoreConnectionError";
  }
}

/** What a request waits for. "over": it was answered, or the connection has ended. */
type Happening = "continue" | "drain" | "over";

/** Of an error document; S3's are a few hundred bytes. */
const longestDocument = 64 * 1024;

/**
 * One request to a store, on a connection of its own: an upload that is broken off takes its connection with it, and
 * then the store keeps nothing.
 */
export class StoreRequest {
  readonly #request: ClientRequest;
  readonly #answer: Promise<StoreAnswer>;
  readonly #stallTimeout: Seconds;
  #error: StoreConnectionError | undefined;
  #isOver = false;
  /** Who waits for something to happen: one at a time, so that a long upload does not gather listeners. */
  #waiting: ((what: Happening) => void) | undefined;

  /**
   * Sends the head of the request.
   *
   * @param url absolute; its path is sent as it stands there.
   */
  constructor(method: string, url: string, headers: Record<string, string>, stallTimeout: Seconds) {
    const [, scheme, host = "", path = ""] = /^(https?):\/\/([^/]+)(.*)$/.exec(url) ?? [];
    const { hostname, port } = new URL(`${scheme}://${host}`);
    const send = scheme === "https" ? requestHttps : requestHttp;
    this.#stallTimeout = stallTimeout;
    this.#request = send({
      method,
      host: hostname.replace(/^\[|\]$/g, ""),
      port: port === "" ? (scheme === "https" ? 443 : 80) : Number(port),
      path,
      headers: { ...headers, Host: host },
      agent: false,
    });
    this.#answer = new Promise((resolve, reject) => {
      this.#request.once("response", (response) => {
        readAnswer(response).then(resolve, reject);
      });
      this.#request.on("error", (error) => {
        this.#error ??= new StoreConnectionError(`slotd cannot reach the store: ${error.message}.`, error);
        reject(this.#error);
      });
    });
    const over = () => this.#tell("over");
    this.#answer.then(over, over);
    this.#request.on("continue", () => this.#tell("continue")).on("drain", () => this.#tell("drain"));
    this.#request.flushHeaders();
  }

  /** Whether the store has answered, or the connection has ended: more of the body is of no use then. */
  get isOver(): boolean {
    return this.#isOver || this.#error !== undefined;
  }

  /**
   * Waits until the store wants the body.
   *
   * @param milliseconds after these the body may be sent anyway (RFC 9110 §10.1.1).
   * @returns "continue", "late" after that time, or "answered" when the store has refused without the body.
   */
  async wanted(milliseconds: number): Promise<"continue" | "late" | "answered"> {
    const happened = await this.#wait(["continue", "over"], milliseconds);
    return happened === "over" ? "answered" : happened === "continue" ? "continue" : "late";
  }

  /** Sends a piece of the body and waits until there is room for the next one. @throws {StoreConnectionError} */
  async write(chunk: Uint8Array): Promise<void> {
    if (this.#error) throw this.#error;
    if (this.#request.write(chunk)) return;
    const happened = await this.#wait(["drain", "over"], this.#stallTimeout * 1000);
    if (this.#error) throw this.#error;
    if (!happened) throw new StoreConnectionError(`The store accepted no data for ${this.#stallTimeout} s.`);
  }

  /** Ends the body and waits for the answer. @throws {StoreConnectionError} */
  async finish(milliseconds: number): Promise<StoreAnswer> {
    this.#request.end();
    return this.answer(milliseconds);
  }

  /** Waits for the answer. @throws {StoreConnectionError} */
  async answer(milliseconds: number): Promise<StoreAnswer> {
    const happened = await this.#wait(["over"], milliseconds);
    if (happened) return this.#answer;
    throw new StoreConnectionError(`The store did not respond within ${milliseconds / 1000} s.`);
  }

  /** Closes the connection, whatever is under way on it. */
  abort(): void {
    this.#request.destroy();
  }

  #tell(what: Happening): void {
    if (what === "over") this.#isOver = true;
    this.#waiting?.(what);
  }

  /** Which of these happens first; undefined when none does within the time. */
  #wait(wanted: readonly Happening[], milliseconds: number): Promise<Happening | undefined> {
    if (this.isOver) return Promise.resolve("over");
    return new Promise((resolve) => {
      const settle = (what: Happening | undefined) => {
        clearTimeout(timer);
        this.#waiting = undefined;
        resolve(what);
      };
      const timer = setTimeout(() => settle(undefined), milliseconds);
      this.#waiting = (what) => {
        if (wanted.includes(what)) settle(what);
      };
    });
  }
}

async function readAnswer(response: IncomingMessage): Promise<StoreAnswer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > longestDocument) break;
      chunks.push(chunk);
    }
  } catch {
    // The status is what counts; the document only explains it.
  }
  const document = Buffer.concat(chunks).toString("utf8");
  return {
    status: response.statusCode ?? 0,
    code: elementIn(document, "Code"),
    message: elementIn(document, "Message"),
  };
}

/** The text of an element, on one line and short: it goes into a log. */
function elementIn(document: string, name: string): string {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(document)?.[1] ?? "";
  return text.replace(/\p{Cc}+/gu, " ").slice(0, 300);
}
