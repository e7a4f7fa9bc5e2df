import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Connections } from "../../net/connections.ts";
import { feedInPieces } from "../../net/feed-in-pieces.ts";
import type { Seconds } from "../../slot/slot.ts";
import type { TlsEvent } from "../http-event.ts";
import { HttpService, type HttpServiceOptions } from "../http-service.ts";
import { maxHeaderSize } from "../malformed.ts";
import { type HttpAddress, type Listening, listenOn } from "./listening.ts";
import { type ServedCertificate, type TlsFiles, TlsFront } from "./tls-front.ts";

export interface HttpServerOptions extends HttpServiceOptions {
  readonly listen: HttpAddress;
  /** Speaks TLS with this certificate; plain HTTP when absent. */
  readonly tls?: TlsFiles | undefined;
  readonly onTlsEvent?: (event: TlsEvent) => void;
  /** How often the certificate is looked at; 5 when absent. */
  readonly tlsEvery?: Seconds;
  /** A connection without a request is closed after so long; 75 when absent. */
  readonly idleTimeout?: Seconds;
  /** The head of a request must be there after so long; 20 when absent, and never more than idleTimeout. */
  readonly headTimeout?: Seconds;
  /** How long `stop` waits for transfers under way; 10 when absent. */
  readonly stopTimeout?: Seconds;
}

export interface HttpServer {
  /** Where it really listens. */
  readonly address: HttpAddress;
  /** The certificate that new connections get; undefined without TLS. */
  readonly certificate: ServedCertificate | undefined;
  /**
   * Goes by other options from the next request on; requests under way end as they began. The address stays, and
   * so does whether it speaks TLS; the certificate is read again.
   */
  use(options: HttpServerOptions): void;
  /**
   * Takes no new connection, lets the requests under way finish for so long, and closes what is left.
   * `grace` is `stopTimeout` when absent.
   */
  stop(grace?: Seconds): Promise<void>;
}

/**
 * Starts the bucket that slotd keeps itself: presigned PUT, GET and HEAD, CORS.
 *
 * @throws the system's error (`EADDRINUSE`, `EACCES`, ...) when it cannot listen; a TypeError for a public URL
 * that is none; a TlsFilesError for a certificate that cannot be used.
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const service = new HttpService(options);
  const connections = new Connections("unix" in options.listen);
  const server = createHttp(service, connections, options);
  const front = options.tls === undefined ? undefined : tlsFront(server, connections, options.tls, options);
  try {
    const listening = await listenOn(front?.server ?? server, options.listen);
    return {
      address: listening.address,
      get certificate() {
        return front?.certificate;
      },
      use: (next) => {
        service.use(next);
        setTimeouts(server, next);
        if (next.tls !== undefined) front?.use(next.tls);
      },
      stop: async (grace = options.stopTimeout ?? 10) => {
        await stop({ service, connections, server, front, listening }, grace);
      },
    };
  } catch (error) {
    front?.close();
    throw error;
  }
}

function createHttp(service: HttpService, connections: Connections, options: HttpServerOptions): Server {
  const { idleTimeout = 75, headTimeout = 20 } = options;
  const server = createServer({
    requireHostHeader: false,
    maxHeaderSize,
    connectionsCheckingInterval: Math.min(5, idleTimeout / 4, headTimeout / 4) * 1000,
  });
  const handle =
    (expectation: "none" | "continue" | "unknown") =>
    (request: IncomingMessage, response: ServerResponse) => {
      const connection = connections.of(request.socket);
      connection.take(request, response, () => service.handle(request, response, expectation, connection));
    };
  server.on("connection", (socket: Socket) => connections.of(socket));
  server.on("request", handle("none"));
  server.on("checkContinue", handle("continue"));
  server.on("checkExpectation", handle("unknown"));
  server.on("clientError", (error, stream) => {
    const socket = stream as Socket;
    service.refuseMalformed(error, socket, connections.of(socket));
  });
  setTimeouts(server, options);
  return server;
}

/** The head must come soon; a body may take hours, as long as it keeps coming. */
function setTimeouts(server: Server, { idleTimeout = 75, headTimeout = 20 }: HttpServerOptions): void {
  server.headersTimeout = Math.min(headTimeout, idleTimeout) * 1000;
  server.requestTimeout = 0;
  // Longer than proxies keep theirs (nginx: 60 s), so that none of them reuses a connection that is just being closed.
  server.keepAliveTimeout = idleTimeout * 1000;
}

function tlsFront(
  server: Server,
  connections: Connections,
  files: TlsFiles,
  { tlsEvery = 5, onTlsEvent }: HttpServerOptions,
): TlsFront {
  return new TlsFront({
    files,
    every: tlsEvery,
    onConnection: (socket) => {
      server.emit("connection", socket);
      feedInPieces(socket, connections.of(socket));
    },
    onChanged: () => onTlsEvent?.({ kind: "certificate-changed" }),
    onRefused: (error) => onTlsEvent?.({ kind: "certificate-refused", error }),
  });
}

async function stop(
  {
    service,
    connections,
    server,
    front,
    listening,
  }: {
    readonly service: HttpService;
    readonly connections: Connections;
    readonly server: Server;
    readonly front: TlsFront | undefined;
    readonly listening: Listening;
  },
  timeout: Seconds,
): Promise<void> {
  service.isStopping = true;
  connections.endBusy();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  front?.close();
  listening.leave();
  server.closeIdleConnections();
  await service.settled(timeout);
  server.closeAllConnections();
  front?.destroyAll();
  await closed;
  await service.settled(timeout);
}
