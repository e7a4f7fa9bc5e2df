import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Connection } from "../../net/connection.ts";
import { Connections } from "../../net/connections.ts";
import { type HttpAddress, type Listening, listenOn } from "../server/listening.ts";
import { ServiceUrlHandler, type ServiceUrlOptions } from "./service-url-handler.ts";

export interface ServiceUrlServerOptions extends ServiceUrlOptions {
  /** Port 0 takes a free one. */
  readonly listen: HttpAddress;
}

export interface ServiceUrlServer {
  /** Where it really listens. */
  readonly address: HttpAddress;
  /** Goes by other options from the next question on; the address stays. */
  use(options: ServiceUrlOptions): void;
  /** Takes no new connection, answers the questions under way, and closes the rest. */
  stop(): Promise<void>;
}

/** The most that the head of a request may have, bytes. */
const maxHeaderSize = 16 * 1024;

/** Milliseconds within which the head of a request must be there; ejabberd waits 5 s for the whole. */
const headTimeout = 5_000;

/**
 * Starts a listener that answers ejabberd's `service_url` and nothing else.
 *
 * What a connection may cost: one head of 16 KiB, and the few that wait by net/connection.ts. 64 questions are decided
 * at once, and no body is read.
 *
 * @throws the system's error when it cannot listen.
 */
export async function startServiceUrl(options: ServiceUrlServerOptions): Promise<ServiceUrlServer> {
  const handler = new ServiceUrlHandler(options);
  const connections = new Connections("unix" in options.listen);
  const server = createHttp(handler, connections);
  const listening = await listenOn(server, options.listen);
  return {
    address: listening.address,
    use: (next) => handler.use(next),
    stop: () => stop(server, listening, connections, handler),
  };
}

function createHttp(handler: ServiceUrlHandler, connections: Connections): Server {
  const server = createServer({
    requireHostHeader: false,
    maxHeaderSize,
    connectionsCheckingInterval: 1_000,
  });
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    const connection = connections.of(request.socket);
    connection.take(request, response, () => handler.answer(request, response, connection));
  };
  server.on("connection", (socket: Socket) => connections.of(socket));
  server.on("request", handle);
  // Whoever waits for 100 (Continue) has a body, and is refused for it.
  server.on("checkContinue", handle);
  server.on("checkExpectation", handle);
  server.on("clientError", (_, stream) => refuseMalformed(stream as Socket, connections, handler));
  server.headersTimeout = headTimeout;
  server.requestTimeout = 2 * headTimeout;
  server.keepAliveTimeout = 75_000;
  return server;
}

/** Where an answer is under way the connection ends after that. */
function refuseMalformed(socket: Socket, connections: Connections, handler: ServiceUrlHandler): void {
  const connection: Connection = connections.of(socket);
  if (connection.isBusy) connection.end();
  else if (!socket.writable) socket.destroy();
  else socket.end(handler.malformed(connection));
}

async function stop(
  server: Server,
  listening: Listening,
  connections: Connections,
  handler: ServiceUrlHandler,
): Promise<void> {
  connections.endBusy();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  listening.leave();
  server.closeIdleConnections();
  await handler.settled();
  server.closeAllConnections();
  await closed;
}
