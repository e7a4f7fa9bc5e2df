import type { IncomingMessage, ServerResponse } from "node:http";
import type { Connection } from "../../net/connection.ts";
import type { Refusal } from "../../slot/refusal.ts";
import type { Slot } from "../../slot/slot.ts";
import { REFERENCE_HEADER } from "../answers.ts";
import { clientAddress, type TrustedProxies } from "../client-address.ts";
import { maxTargetSize } from "../malformed.ts";
import { hasBody, readRequestHead } from "../request-head.ts";
import { type Question, readQuestion, type Unreadable } from "./question.ts";
import { type Reply, replyTo } from "./reply.ts";
import { isSamePath } from "./same-path.ts";
import type { ServiceUrlEvent, UnaskedReason } from "./service-url-event.ts";

export interface ServiceUrlOptions {
  /** The path of the question; a secret where strangers reach the listener. It is never told. */
  readonly path: string;
  /** Who may ask: IP addresses and networks. A Unix socket is open to whom its permissions let in. */
  readonly addresses: Pick<TrustedProxies, "has">;
  /** Whose X-Forwarded-For is believed. */
  readonly proxies: TrustedProxies;
  /** Prepared domains whose JIDs slots are issued for. */
  readonly hosts: ReadonlySet<string>;
  /** Decides on a question, and makes the slot. */
  ask(question: Question): Promise<Slot | Refusal> | Slot | Refusal;
  /** Is told of a question that is refused before it is asked, and gives what ejabberd is told. */
  unreadable(question: Unreadable): Slot | Refusal;
  /** Must not throw. */
  readonly onEvent: (event: ServiceUrlEvent) => void;
  /** A new reference for a request. */
  readonly reference: () => string;
  /** Milliseconds after which a question is refused; 4,500 when absent: ejabberd gives up after 5,000. */
  readonly patience?: number;
}

/** So many questions are decided at once. ejabberd asks one after the other for each of its hosts. */
const mostQuestions = 64;

const tooLate: Refusal = {
  kind: "ledger-away",
  text: "The slot could not be decided on in time. Try again a little later.",
  retryAt: undefined,
};

/** What a request that is no question is told. */
const unasked: Readonly<Record<UnaskedReason, Reply>> = {
  address: { status: 403, text: "Slots are not issued to this address.\n" },
  path: { status: 404, text: "There is nothing here.\n" },
  method: { status: 405, text: "Expected GET.\n" },
  body: { status: 400, text: "Expected a request without a body.\n" },
  malformed: { status: 400, text: "The request is not valid HTTP.\n" },
  "uri-too-long": { status: 414, text: `Expected a URL of at most ${maxTargetSize} bytes.\n` },
  busy: { status: 503, text: "Too many questions are being decided. Try again in a moment.\n" },
};

/** Answers the requests of one listener. */
export class ServiceUrlHandler {
  #options: ServiceUrlOptions;
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: ServiceUrlOptions) {
    this.#options = options;
  }

  use(options: ServiceUrlOptions): void {
    this.#options = options;
  }

  /** Resolves when no question is under way any more. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled([...this.#underWay]);
  }

  /** Answers a request; the promise is kept when the answer was made, and is never broken. */
  answer(request: IncomingMessage, response: ServerResponse, connection: Connection): Promise<void> {
    const isBusy = this.#underWay.size >= mostQuestions;
    const done = this.#answer(request, response, connection, isBusy).finally(() =>
      this.#underWay.delete(done),
    );
    this.#underWay.add(done);
    return done;
  }

  /** The whole answer to what could not be parsed, as bytes; the connection ends with it. */
  malformed({ peer }: Connection): string {
    const { status, text } = this.#unasked("malformed", peer, this.#options.reference());
    return `HTTP/1.1 ${status} Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`;
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    { peer }: Connection,
    isBusy: boolean,
  ): Promise<void> {
    const { onEvent, reference: newReference } = this.#options;
    const reference = newReference();
    try {
      const reply = await this.#replyTo(request, response, peer, reference, isBusy);
      send(response, reply, reference);
    } catch (error) {
      onEvent({ kind: "failed", status: 500, reference, error });
      send(response, { status: 500, text: "Something went wrong here; slotd's log says what.\n" }, reference);
    }
  }

  async #replyTo(
    request: IncomingMessage,
    response: ServerResponse,
    peer: string,
    reference: string,
    isBusy: boolean,
  ): Promise<Reply> {
    const { path, addresses, proxies, hosts, onEvent } = this.#options;
    const { method = "", url = "", rawHeaders, headers } = request;
    const forwarded = headers["x-forwarded-for"];
    const client = clientAddress(peer, Array.isArray(forwarded) ? forwarded.join(",") : forwarded, proxies);
    const no = (reason: UnaskedReason) => this.#unasked(reason, client, reference);
    const head = url.length > maxTargetSize ? "too long" : readRequestHead(method, url, rawHeaders);
    // A body that nobody reads must not be taken for the next request.
    if (typeof head === "string" || "kind" in head || hasBody(head))
      response.setHeader("Connection", "close");
    if (client !== "unix" && !addresses.has(client)) return no("address");
    if (typeof head === "string") return no("uri-too-long");
    if ("kind" in head) return no("malformed");
    if (!isSamePath(path, head.rawPath)) return no("path");
    if (method !== "GET") return no("method");
    if (hasBody(head)) return no("body");
    if (isBusy) return no("busy");
    const reply = replyTo(await this.#ask(readQuestion(head.rawQuery, hosts)));
    onEvent({ kind: "answered", status: reply.status });
    return reply;
  }

  async #ask(question: Question | Unreadable): Promise<Slot | Refusal> {
    const { ask, unreadable, patience = 4_500 } = this.#options;
    if ("refusal" in question) return unreadable(question);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<Refusal>((resolve) => {
      timer = setTimeout(() => resolve(tooLate), patience);
    });
    try {
      // A slot that comes too late is never told: its reservation ends with its PUT URL.
      return await Promise.race([ask(question), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #unasked(reason: UnaskedReason, client: string, reference: string): Reply {
    const reply = unasked[reason];
    this.#options.onEvent({ kind: "unasked", status: reply.status, reason, client, reference });
    return reply;
  }
}

function send(response: ServerResponse, { status, text }: Reply, reference: string): void {
  response.writeHead(status, {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": Buffer.byteLength(text),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    [REFERENCE_HEADER]: reference,
    ...(status === 405 && { Allow: "GET" }),
  });
  response.end(response.req.method === "HEAD" ? undefined : text);
}
