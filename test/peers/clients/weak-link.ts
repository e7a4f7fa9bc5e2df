import { connect, createServer, type Server, type Socket } from "node:net";

/** A TCP connection through which a test reaches a server, and which it can cut or slow down. */
export interface WeakLink {
  readonly port: number;
  /** Ends all connections and refuses new ones until repair(). */
  cut(): void;
  /** Delays every piece of bytes, in both directions, by so many milliseconds; 0 is full speed. */
  slow(milliseconds: number): void;
  /** As it was at the start. */
  repair(): void;
  stop(): Promise<void>;
}

/** Starts a link on loopback to a port of loopback. */
export async function startWeakLink(targetPort: number): Promise<WeakLink> {
  const sockets = new Set<Socket>();
  let isCut = false;
  let delay = 0;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => sockets.delete(socket));
  };
  const pipe = (from: Socket, to: Socket): void => {
    from.on("data", (bytes: Uint8Array) => {
      from.pause();
      const pass = (): void => {
        to.write(bytes, () => from.resume());
      };
      if (delay > 0) setTimeout(pass, delay);
      else pass();
    });
    from.once("end", () => to.end());
    from.once("close", () => to.destroy());
  };
  const server: Server = createServer({ allowHalfOpen: true }, (client) => {
    keep(client);
    if (isCut) {
      client.destroy();
      return;
    }
    const target = connect({ port: targetPort, host: "127.0.0.1", allowHalfOpen: true });
    keep(target);
    pipe(client, target);
    pipe(target, client);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    slow(milliseconds) {
      delay = milliseconds;
    },
    repair() {
      isCut = false;
      delay = 0;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
