import type { IncomingMessage, ServerResponse } from "node:http";
import { type Answer, type CommonHeaders, REFERENCE_HEADER, sendAnswer } from "./answers.ts";
import { clientAddress, type TrustedProxies } from "./client-address.ts";
import type { HttpEvent } from "./http-event.ts";
import { type BodyPace, RequestBody } from "./request-body.ts";

/** What is told of a "no". */
export type Refused = Extract<HttpEvent, { readonly kind: "refused" }>;

export interface ExchangeDeps {
  readonly pace: BodyPace;
  readonly proxies: TrustedProxies;
  readonly reference: () => string;
}

/** One request and its answer. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What the client and the log call this request. */
  readonly reference: string;
  /** What every answer to this request has. */
  readonly common: CommonHeaders;
  /** The receiver that it is an upload to. */
  receiver: string | undefined;
  readonly #peer: string;
  readonly #deps: ExchangeDeps;
  #body: RequestBody | undefined;

  /** @param peer the other end of the connection, as `clientAddress` takes it. */
  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    peer: string,
    common: CommonHeaders,
    deps: ExchangeDeps,
  ) {
    this.request = request;
    this.response = response;
    this.#peer = peer;
    this.reference = deps.reference();
    this.common = { ...common, [REFERENCE_HEADER]: this.reference };
    this.#deps = deps;
  }

  get body(): RequestBody {
    this.#body ??= new RequestBody(this.request, this.#deps.pace);
    return this.#body;
  }

  /** The address that the request came from. */
  get client(): string {
    const forwarded = this.request.headers["x-forwarded-for"];
    return clientAddress(
      this.#peer,
      Array.isArray(forwarded) ? forwarded.join(",") : forwarded,
      this.#deps.proxies,
    );
  }

  /** Answers a request whose body, if it has one, was read or will never come. */
  send(answer: Answer): void {
    sendAnswer(this.response, answer, this.common);
  }

  /** Answers "no" to a request that may have a body under way. */
  async refuse(answer: Answer, object?: string): Promise<Refused> {
    const event = this.refused(answer, object);
    await this.body.answerAndLinger(this.response, answer, this.common);
    return event;
  }

  /** What is told of a "no". */
  refused(answer: Answer, object?: string): Refused {
    return {
      kind: "refused",
      method: this.request.method ?? "",
      status: answer.status,
      reason: answer.reason ?? "bad-request",
      object,
    };
  }
}
