import type { Socket } from "node:net";
import { Connection } from "./connection.ts";

/** The connections of one listener, from when they are accepted until they are closed. */
export class Connections {
  readonly #isUnix: boolean;
  readonly #open = new Map<Socket, Connection>();

  /** @param isUnix whether the listener is a Unix socket, whose connections have no address. */
  constructor(isUnix: boolean) {
    this.#isUnix = isUnix;
  }

  /** The connection of a socket; for the first call, when it is accepted, its address is still known. */
  of(socket: Socket): Connection {
    const known = this.#open.get(socket);
    if (known !== undefined) return known;
    const peer = this.#isUnix ? "unix" : (socket.remoteAddress ?? "unknown");
    const connection = new Connection(socket, peer);
    if (socket.destroyed) return connection;
    this.#open.set(socket, connection);
    socket.once("close", () => this.#open.delete(socket));
    return connection;
  }

  /** Has each connection on which a request is being answered end after that; idle ones are left alone. */
  endBusy(): void {
    for (const connection of this.#open.values()) if (connection.isBusy) connection.end();
  }
}
