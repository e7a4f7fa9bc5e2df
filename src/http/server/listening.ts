import type { Server } from "node:net";
import { listening } from "../../net/listening.ts";
import { listenOnUnix } from "../../net/unix-socket.ts";

/** A TCP address (port 0 takes a free one; no brackets around IPv6), or the path of a Unix socket. */
export type HttpAddress = { readonly host: string; readonly port: number } | { readonly unix: string };

/** A server that listens. */
export interface Listening {
  /** Where it really listens. */
  readonly address: HttpAddress;
  /** To be called when it takes no new connection: removes the file of its Unix socket, if that is still its own. */
  leave(): void;
}

/**
 * Makes a server listen. A Unix socket is for its owner and group (mode 0660); one that a dead process left is
 * replaced.
 *
 * @throws the system's error; EADDRINUSE also for a Unix socket that somebody answers on.
 */
export async function listenOn(server: Server, address: HttpAddress): Promise<Listening> {
  if ("unix" in address) {
    const socket = await listenOnUnix(server, address.unix, 0o660);
    return { address, leave: () => socket.remove() };
  }
  await listening(server, () => server.listen(address.port, address.host));
  const actual = server.address();
  const port = typeof actual === "object" && actual !== null ? actual.port : address.port;
  return { address: { host: address.host, port }, leave: () => undefined };
}
