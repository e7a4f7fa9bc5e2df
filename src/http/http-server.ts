import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Seconds } from "../slot/slot.ts";
import {
  type Answer,
  REFERENCE_HEADER,
  rawAnswer,
  referenceOf,
  refusalAnswer,
  sendAnswer,
} from "./answers.ts";
import { ALLOWED_METHODS, preflightHeaders } from "./cors.ts";
import { type DownloadDeps, download } from "./download.ts";
import type { HttpBucket } from "./http-bucket.ts";
import { type HttpEvent, type HttpRequestFacts, shortToken } from "./http-event.ts";
import { publicPrefixes } from "./object-path.ts";
import { type PrivateBucket, privateBucketOf, redirect } from "./redirect.ts";
import { RequestBody } from "./request-body.ts";
import { hasBody, type RequestHead, readRequestHead } from "./request-head.ts";
import { type UploadDeps, upload } from "./upload.ts";
import { uploadCheck } from "./upload-check.ts";

export interface HttpServerOptions {
  /** Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** A PUT goes to the bucket that knows its key, a GET to each in turn. */
  readonly buckets: readonly HttpBucket[];
  /** Buckets to which a GET is redirected; none when absent. */
  readonly privateBuckets?: readonly PrivateBucket[];
  readonly now: () => Date;
  /** Is told of each request when it is over. Must not throw. */
  readonly onEvent: (event: HttpEvent, request: HttpRequestFacts) => void;
  /** A new name for a request, for the client's report and the log's line: letters and digits. */
  readonly reference: () => string;
  /** A transfer in which no byte moves for so long is ended; 60 when absent. */
  readonly stallTimeout?: Seconds;
  /** How long `stop` waits for transfers under way; 10 when absent. */
  readonly stopTimeout?: Seconds;
}

export interface HttpServer {
  /** Where it really listens. */
  readonly address: { readonly host: string; readonly port: number };
  /** Serves these buckets from the next request on; requests under way end as they began. */
  serve(buckets: readonly HttpBucket[], privateBuckets?: readonly PrivateBucket[]): void;
  /**
   * Takes no new connection, lets the requests under way finish for so long, and closes what is left.
   * `grace` is `stopTimeout` when absent.
   */
  stop(grace?: Seconds): Promise<void>;
}

/**
 * Starts the bucket that slotd keeps itself: presigned PUT, GET and HEAD, CORS for every origin.
 *
 * @throws the system's error (`EADDRINUSE`, `EACCES`, ...) when it cannot listen; a TypeError for a public URL
 * that is none.
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const service = new Service(options);
  const server = createServer({ requireHostHeader: false, maxHeaderSize: 32 * 1024 });
  server.on("request", (request, response) => service.handle(request, response, "none"));
  server.on("checkContinue", (request, response) => service.handle(request, response, "continue"));
  server.on("checkExpectation", (request, response) => service.handle(request, response, "unknown"));
  server.on("clientError", (error, socket) => service.refuseMalformed(error, socket as Socket));
  // The head must come soon; a body may take hours, as long as it keeps coming.
  server.headersTimeout = 20_000;
  server.requestTimeout = 0;
  // Longer than proxies keep theirs (nginx: 60 s), so that none of them reuses a connection that is just being closed.
  server.keepAliveTimeout = 75_000;
  await listening(server, options.listen);
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : options.listen.port;
  return {
    address: { host: options.listen.host, port },
    serve: (buckets, privateBuckets) => service.serve(buckets, privateBuckets),
    stop: (grace = options.stopTimeout ?? 10) => service.stop(server, grace),
  };
}

function listening(server: Server, { host, port }: HttpServerOptions["listen"]): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** What the client expects before it sends the body. Source: RFC 9110 §10.1.1. */
type Expectation = "none" | "continue" | "unknown";

type ServiceDeps = HttpServerOptions &
  UploadDeps &
  DownloadDeps & { readonly privateBucketOf: (head: RequestHead) => PrivateBucket | undefined };

function depsFor(
  options: HttpServerOptions,
  buckets: readonly HttpBucket[],
  privateBuckets: readonly PrivateBucket[] = [],
): ServiceDeps {
  return {
    ...options,
    buckets,
    check: uploadCheck(buckets),
    privateBucketOf: privateBucketOf(privateBuckets, !buckets.some(({ store }) => store.open)),
    prefixes: publicPrefixes([...buckets, ...privateBuckets]),
    stallTimeout: options.stallTimeout ?? 60,
  };
}

class Service {
  #deps: ServiceDeps;
  readonly #underWay = new Set<Promise<void>>();
  #isStopping = false;

  constructor(options: HttpServerOptions) {
    this.#deps = depsFor(options, options.buckets, options.privateBuckets);
  }

  serve(buckets: readonly HttpBucket[], privateBuckets?: readonly PrivateBucket[]): void {
    this.#deps = depsFor(this.#deps, buckets, privateBuckets);
  }

  handle(request: IncomingMessage, response: ServerResponse, expectation: Expectation): void {
    if (this.#isStopping) response.setHeader("Connection", "close");
    response.setHeader(REFERENCE_HEADER, this.#deps.reference());
    const done = this.#answer(request, response, expectation).finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
  }

  /** What node:http could not parse has no request; it is answered on the bare connection. */
  refuseMalformed(error: Error & { readonly code?: string }, socket: Socket): void {
    if (!socket.writable || error.code === "ECONNRESET") {
      socket.destroy();
      return;
    }
    const [statusText, answer] = malformedAnswers[error.code ?? ""] ?? badRequestAnswer;
    const reference = this.#deps.reference();
    socket.end(rawAnswer(statusText, answer, reference));
    this.#deps.onEvent(
      { kind: "refused", method: "", status: answer.status, reason: "malformed", object: undefined },
      { reference, method: "", milliseconds: 0 },
    );
  }

  async stop(server: Server, timeout: Seconds): Promise<void> {
    this.#isStopping = true;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeout * 1000);
    });
    await Promise.race([Promise.allSettled([...this.#underWay]), late]);
    clearTimeout(timer);
    server.closeAllConnections();
    await closed;
    await Promise.allSettled([...this.#underWay]);
  }

  async #answer(request: IncomingMessage, response: ServerResponse, expectation: Expectation): Promise<void> {
    const { method = "" } = request;
    const begun = this.#deps.now().getTime();
    const body = new RequestBody(request, this.#deps.stallTimeout);
    const tell = (event: HttpEvent): void => {
      const milliseconds = this.#deps.now().getTime() - begun;
      this.#deps.onEvent(event, { reference: referenceOf(response), method, milliseconds });
    };
    try {
      const head = readRequestHead(method, request.url ?? "", request.rawHeaders);
      tell(
        "kind" in head
          ? await refuse(method, body, response, refusalAnswer(head))
          : await this.#route(head, body, response, expectation),
      );
    } catch (error) {
      tell({ kind: "failed", method, object: objectIn(request.url), error });
      if (response.headersSent) request.socket.destroy();
      else await body.answerAndLinger(response, failedAnswer);
    }
  }

  #route(
    head: RequestHead,
    body: RequestBody,
    response: ServerResponse,
    expectation: Expectation,
  ): Promise<HttpEvent> {
    if (expectation === "unknown") return refuse(head.method, body, response, expectationAnswer);
    if (head.method === "PUT") return upload(head, body, response, expectation === "continue", this.#deps);
    // A body that nobody reads must not be taken for the next request.
    if (hasBody(head)) response.setHeader("Connection", "close");
    switch (head.method) {
      case "GET":
      case "HEAD": {
        const bucket = this.#deps.privateBucketOf(head);
        if (bucket) return redirect(head, response, bucket, this.#deps);
        return download(head, response, this.#deps);
      }
      case "OPTIONS":
        return preflight(response);
      default:
        return refuse(head.method, body, response, methodAnswer);
    }
  }
}

function objectIn(target = ""): string | undefined {
  const token = /\/([0-9a-f]{16,192})\//.exec(target)?.[1];
  return token === undefined ? undefined : shortToken(token);
}

async function preflight(response: ServerResponse): Promise<HttpEvent> {
  sendAnswer(response, { status: 204, text: "", headers: { Allow: ALLOWED_METHODS, ...preflightHeaders } });
  return { kind: "preflight" };
}

async function refuse(
  method: string,
  body: RequestBody,
  response: ServerResponse,
  answer: Answer,
): Promise<HttpEvent> {
  await body.answerAndLinger(response, answer);
  return {
    kind: "refused",
    method,
    status: answer.status,
    reason: answer.reason ?? "bad-request",
    object: undefined,
  };
}

const methodAnswer = refusalAnswer({
  kind: "not-allowed",
  text: `This method is not taken here; expected one of ${ALLOWED_METHODS}.`,
});

const expectationAnswer: Answer = {
  status: 417,
  text: "The only expectation that is met here is 100-continue.",
  reason: "expectation",
};

const failedAnswer: Answer = { status: 500, text: "Something went wrong here; the log of slotd says what." };

const badRequestAnswer: readonly [string, Answer] = [
  "Bad Request",
  { status: 400, text: "The request is not valid HTTP." },
];

const malformedAnswers: Readonly<Record<string, readonly [string, Answer]>> = {
  HPE_HEADER_OVERFLOW: [
    "Request Header Fields Too Large",
    { status: 431, text: "The headers of the request are too large; expected at most 32 KiB." },
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ["Request Timeout", { status: 408, text: "The request did not come in time." }],
};
