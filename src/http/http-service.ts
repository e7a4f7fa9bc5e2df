import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Connection } from "../net/connection.ts";
import type { Bytes, Seconds } from "../slot/slot.ts";
import { longestUpload } from "../slot/upload-life.ts";
import { type AddressedFiles, Addresses } from "./addressed/addresses.ts";
import { type Answer, REFERENCE_HEADER, rawAnswer, refusalAnswer } from "./answers.ts";
import { clientAddress, type TrustedProxies } from "./client-address.ts";
import { ALLOWED_METHODS, type HeadersForOrigin, headersFor, preflightHeaders } from "./cors.ts";
import { downloadAddressed } from "./download/addressed-download.ts";
import { type InlineRule, inlineRule } from "./download/content-disposition.ts";
import { type DownloadDeps, type Downloads, download } from "./download/download.ts";
import { MissGate } from "./download/miss-gate.ts";
import { objectDescriber } from "./download/object-headers.ts";
import { ObjectSearch } from "./download/object-search.ts";
import { type PrivateBucket, privateBucketOf, redirect } from "./download/redirect.ts";
import { pieceSizeFor } from "./download/send-content.ts";
import { Exchange, type ExchangeDeps } from "./exchange.ts";
import type { HttpBucket } from "./http-bucket.ts";
import { type HttpEvent, type HttpRequestFacts, shortToken } from "./http-event.ts";
import type { HttpReceiver } from "./http-receiver.ts";
import { malformedAnswer, maxTargetSize, originIn, targetTooLong } from "./malformed.ts";
import { publicPrefixes, readObjectPath } from "./object-path.ts";
import { hasBody, type RequestHead, readRequestHead } from "./request-head.ts";
import { type TransferLimits, TransferSlots } from "./transfer-slots.ts";
import { refuseAddressedPut } from "./upload/addressed-put.ts";
import { withEncodedQuery } from "./upload/encoded-query.ts";
import { type ReceiverCheck, receiverCheck } from "./upload/receiver-check.ts";
import { type UploadDeps, upload } from "./upload/upload.ts";
import { uploadCheck } from "./upload/upload-check.ts";

export interface HttpServiceOptions {
  /** A PUT goes to the bucket that knows its key, a GET to each in turn. */
  readonly buckets: readonly HttpBucket[];
  /** Take uploads to slots of XMPP servers' own modules; none when absent. */
  readonly receivers?: readonly HttpReceiver[];
  /** Buckets to which a GET is redirected; none when absent. */
  readonly privateBuckets?: readonly PrivateBucket[];
  /** Files that slotd did not name, for whose addresses it answers; none when absent. */
  readonly addressed?: readonly AddressedFiles[];
  readonly now: () => Date;
  /** Is told of each request when it is over. Must not throw. */
  readonly onEvent: (event: HttpEvent, request: HttpRequestFacts) => void;
  /** A new name for a request, for the client's report and the log's line: letters and digits. */
  readonly reference: () => string;
  /** A transfer in which no byte moves for so long is ended; 60 when absent. */
  readonly stallTimeout?: Seconds;
  /** An upload that brings fewer bytes a second over `rateWindow` is cut off; 0, and absent, is any. */
  readonly minRate?: Bytes;
  /** 30 when absent. */
  readonly rateWindow?: Seconds;
  /** An upload is cut off after so long; 23 hours when absent, and never more. */
  readonly longestUpload?: Seconds;
  /** No limit when absent. */
  readonly uploads?: TransferLimits;
  /** Of files that are small enough to be in memory, and as many of others; no limit when absent. */
  readonly downloads?: TransferLimits;
  /** The web origins that may use it; everyone when absent. */
  readonly corsOrigins?: readonly string[];
  /** What browsers may show; pictures, audio, video and plain text when absent. */
  readonly inlineTypes?: readonly string[];
  /** "public" when absent. */
  readonly cache?: "public" | "private";
  /** None when absent. */
  readonly proxies?: TrustedProxies;
}

/** What a client expects before it sends the body. Source: RFC 9110 §10.1.1. */
export type Expectation = "none" | "continue" | "unknown";

/** What browsers show without harm. */
export const defaultInlineTypes: readonly string[] = ["image/*", "audio/*", "video/*", "text/plain"];

type Deps = UploadDeps &
  DownloadDeps &
  ExchangeDeps &
  Pick<HttpServiceOptions, "onEvent"> & {
    readonly isInline: InlineRule;
    readonly privateBucketOf: (head: RequestHead) => PrivateBucket | undefined;
    readonly addresses: Addresses;
    readonly receive: ReceiverCheck;
  };

const unlimited: TransferLimits = { total: Infinity, perClient: Infinity };

/** With more uploads than this under way each of them has no more than one piece in memory. */
const readAheadLimit = 16;

/** Answers requests, however they came. */
export class HttpService {
  #deps: Deps;
  #headersFor: HeadersForOrigin;
  readonly #slots = new TransferSlots();
  readonly #smallDownloads = new TransferSlots();
  readonly #largeDownloads = new TransferSlots();
  readonly #missGate = new MissGate();
  readonly #underWay = new Set<Promise<void>>();
  /** Set it to have each connection closed after its answer. */
  isStopping = false;

  constructor(options: HttpServiceOptions) {
    this.#headersFor = headersFor(options.corsOrigins ?? ["*"]);
    this.#deps = this.#depsFor(options);
  }

  /** Goes by other options from the next request on; requests under way end as they began. */
  use(options: HttpServiceOptions): void {
    this.#headersFor = headersFor(options.corsOrigins ?? ["*"]);
    this.#deps = this.#depsFor(options);
  }

  #depsFor(options: HttpServiceOptions): Deps {
    const { stallTimeout = 60, minRate = 0, rateWindow = 30, inlineTypes = defaultInlineTypes } = options;
    const { buckets, privateBuckets = [] } = options;
    const isInline = inlineRule(inlineTypes);
    const addresses = new Addresses(options.addressed ?? []);
    this.#slots.limits = options.uploads ?? unlimited;
    const downloads = (slots: TransferSlots): Downloads => {
      slots.limits = options.downloads ?? unlimited;
      return { slots, pace: { stallTimeout, pieceSize: () => pieceSizeFor(slots.total) } };
    };
    return {
      ...options,
      isInline,
      describe: objectDescriber(isInline),
      pace: {
        stallTimeout,
        minRate,
        window: rateWindow,
        longest: Math.min(options.longestUpload ?? longestUpload, longestUpload),
        mayReadAhead: () => this.#slots.total <= readAheadLimit,
      },
      cache: options.cache ?? "public",
      proxies: options.proxies ?? { has: () => false },
      slots: this.#slots,
      smallDownloads: downloads(this.#smallDownloads),
      largeDownloads: downloads(this.#largeDownloads),
      check: uploadCheck(buckets),
      receive: receiverCheck(options.receivers ?? []),
      search: new ObjectSearch(buckets),
      privateBucketOf: privateBucketOf(
        privateBuckets,
        buckets.flatMap(({ store, publicUrls }) => (store.open ? publicUrls : [])),
      ),
      addresses,
      addressStored: (token) => addresses.forget(token),
      prefixes: publicPrefixes([...buckets, ...privateBuckets]),
      missGate: this.#missGate,
    };
  }

  /** Answers a request. What it gives is kept when that is over. */
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    expectation: Expectation,
    connection: Connection,
  ): Promise<void> {
    if (this.isStopping) response.setHeader("Connection", "close");
    const done = this.#answer(request, response, expectation, connection).finally(() =>
      this.#underWay.delete(done),
    );
    this.#underWay.add(done);
    return done;
  }

  /**
   * What node:http could not parse has no request; it is answered on the bare connection, which is closed. Where an
   * answer is under way the connection ends after that: whatever broke off then was a part of its own request.
   */
  refuseMalformed(
    error: Error & { readonly code?: string; readonly rawPacket?: Uint8Array },
    socket: Socket,
    connection: Connection,
  ): void {
    if (!socket.writable || error.code === "ECONNRESET") {
      socket.destroy();
      return;
    }
    if (connection.isBusy) {
      connection.end();
      return;
    }
    const { proxies, onEvent } = this.#deps;
    const reference = this.#deps.reference();
    const common = { ...this.#headersFor(originIn(error.rawPacket)), [REFERENCE_HEADER]: reference };
    const [statusText, answer] = malformedAnswer(error.code, error.rawPacket);
    socket.end(rawAnswer(statusText, answer, common));
    const client = clientAddress(connection.peer, undefined, proxies);
    const { status, reason = "malformed" } = answer;
    onEvent(
      { kind: "refused", method: "", status, reason, object: undefined },
      { reference, method: "", client, milliseconds: 0 },
    );
  }

  /** Resolves when no request is under way any more, or after `timeout`. */
  async settled(timeout: Seconds): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeout * 1000);
    });
    await Promise.race([this.#idle(), late]);
    clearTimeout(timer);
  }

  /** Also those that begin when the one before them is over. */
  async #idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled([...this.#underWay]);
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    expectation: Expectation,
    { peer }: Connection,
  ): Promise<void> {
    const { now, onEvent } = this.#deps;
    const { method = "", url, headers } = request;
    const begun = now().getTime();
    const exchange = new Exchange(request, response, peer, this.#headersFor(headers.origin), this.#deps);
    const { reference } = exchange;
    const tell = (event: HttpEvent) => {
      const milliseconds = now().getTime() - begun;
      // Not always asked for, and not free.
      const facts = {
        reference,
        method,
        milliseconds,
        receiver: exchange.receiver,
        get client() {
          return exchange.client;
        },
      };
      onEvent(event, facts);
    };
    try {
      tell(await this.#begin(exchange, expectation));
    } catch (error) {
      tell({ kind: "failed", method, object: objectIn(url), error });
      if (response.headersSent) request.socket.destroy();
      else await exchange.body.answerAndLinger(response, failedAnswer, exchange.common);
    }
  }

  /** A path that could be that of a slot is slotd's own; where there is no such file it may be an address. */
  #get(head: RequestHead, exchange: Exchange): Promise<HttpEvent> {
    const deps = this.#deps;
    const candidates = deps.addresses.at(head);
    const bucket = deps.privateBucketOf(head);
    // What is in a private bucket is not looked for before the redirect.
    if (bucket && (candidates === undefined || isOwnPath(head, deps.prefixes)))
      return redirect(head, exchange, bucket, deps);
    if (candidates === undefined) return download(head, exchange, deps);
    return download(head, exchange, deps, (opens) =>
      downloadAddressed(head, exchange, candidates, opens, deps),
    );
  }

  #put(head: RequestHead, exchange: Exchange, expectation: Expectation): Promise<HttpEvent> {
    const deps = this.#deps;
    const received = deps.receive(head, deps.now());
    const candidates = received === undefined ? deps.addresses.at(head) : undefined;
    if (candidates === undefined || isOwnPath(head, deps.prefixes))
      return upload(head, exchange, expectation === "continue", { ...deps, received });
    return refuseAddressedPut(exchange, candidates);
  }

  #begin(exchange: Exchange, expectation: Expectation): Promise<HttpEvent> {
    const { method = "", url = "", rawHeaders } = exchange.request;
    if (url.length > maxTargetSize) return exchange.refuse(targetTooLong);
    const head = readRequestHead(method, url, rawHeaders);
    if ("kind" in head) return exchange.refuse(refusalAnswer(head));
    return this.#route(head, exchange, expectation);
  }

  #route(head: RequestHead, exchange: Exchange, expectation: Expectation): Promise<HttpEvent> {
    if (expectation === "unknown") return exchange.refuse(expectationAnswer);
    if (head.method === "PUT") return this.#put(withEncodedQuery(head), exchange, expectation);
    // A body that nobody reads must not be taken for the next request.
    if (hasBody(head)) exchange.response.setHeader("Connection", "close");
    switch (head.method) {
      case "GET":
      case "HEAD":
        return this.#get(head, exchange);
      case "OPTIONS":
        return preflight(exchange);
      default:
        return exchange.refuse(methodAnswer);
    }
  }
}

function isOwnPath({ rawPath }: RequestHead, prefixes: ReadonlySet<string>): boolean {
  return "token" in readObjectPath(rawPath, prefixes);
}

function objectIn(target = ""): string | undefined {
  const token = /\/([0-9a-f]{16,192})(?:-\d{1,12})?\//.exec(target)?.[1];
  return token === undefined ? undefined : shortToken(token);
}

async function preflight(exchange: Exchange): Promise<HttpEvent> {
  exchange.send({ status: 204, text: "", headers: { Allow: ALLOWED_METHODS, ...preflightHeaders } });
  return { kind: "preflight", object: objectIn(exchange.request.url) };
}

const methodAnswer = refusalAnswer({
  kind: "not-allowed",
  text: `The server does not support this method; expected one of ${ALLOWED_METHODS}.`,
});

const expectationAnswer: Answer = {
  status: 417,
  text: "The server supports no expectation other than 100-continue.",
  reason: "expectation",
};

const failedAnswer: Answer = {
  status: 500,
  text: "The server could not handle the request. The log of slotd has the cause.",
};
