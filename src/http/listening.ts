import { chmodSync, existsSync, unlinkSync } from "node:fs";
import { connect, type Server } from "node:net";

/** A TCP address (port 0 takes a free one; no brackets around IPv6), or the path of a Unix socket. */
export type HttpAddress = { readonly host: string; readonly port: number } | { readonly unix: string };

/**
 * Makes a server listen. A Unix socket is for its owner and group (mode 0660); one that a dead process left is
 * replaced.
 *
 * @returns where it really listens.
 * @throws the system's error; EADDRINUSE also for a Unix socket that somebody answers on.
 */
export async function listenOn(server: Server, address: HttpAddress): Promise<HttpAddress> {
  if ("unix" in address) {
    await removeDeadSocket(address.unix);
    await listening(server, () => server.listen(address.unix));
    chmodSync(address.unix, 0o660);
    return address;
  }
  await listening(server, () => server.listen(address.port, address.host));
  const actual = server.address();
  return {
    host: address.host,
    port: typeof actual === "object" && actual !== null ? actual.port : address.port,
  };
}

/** Removes the file of a Unix socket that is not listened on any more. */
export function removeSocket(address: HttpAddress): void {
  if ("unix" in address && existsSync(address.unix)) unlinkSync(address.unix);
}

function listening(server: Server, start: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      server.off("error", reject);
      resolve();
    });
    start();
  });
}

function removeDeadSocket(path: string): Promise<void> {
  if (!existsSync(path)) return Promise.resolve();
  return new Promise((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve();
    });
    probe.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") unlinkSync(path);
      resolve();
    });
  });
}
