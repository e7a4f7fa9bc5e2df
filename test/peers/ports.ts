import { readFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";

const loopback = "127.0.0.1";

/** The first port that the kernel may give to an outgoing connection. */
function firstEphemeralPort(): number {
  try {
    return Number.parseInt(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8"), 10);
  } catch {
    return 32_768;
  }
}

function hold(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen({ port, host: loopback, exclusive: true }, () => resolve(server));
  });
}

function release(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/**
 * Finds `count` different TCP ports that are free on loopback, by holding all of them at once.
 *
 * They lie below the kernel's ephemeral range: no outgoing connection can take one while its server is down,
 * and a client that keeps trying a closed port cannot end up connected to itself.
 */
export async function freePorts(count: number): Promise<number[]> {
  const lowest = 10_240;
  const span = firstEphemeralPort() - lowest;
  const held = new Map<number, Server>();
  try {
    for (let tries = 0; held.size < count; tries++) {
      if (tries > 100 * count) throw new Error(`no ${count} free ports from ${lowest} up on ${loopback}`);
      const port = lowest + Math.floor(Math.random() * span);
      const server = held.has(port) ? undefined : await hold(port);
      if (server) held.set(port, server);
    }
    return [...held.keys()];
  } finally {
    await Promise.all([...held.values()].map(release));
  }
}

/** Whether something on loopback accepts connections on this port. */
export function isPortOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: loopback });
    const answer = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.setTimeout(1000, () => answer(false));
    socket.once("connect", () => answer(true));
    socket.once("error", () => answer(false));
  });
}

/**
 * A question for startProcess(): whether all these ports have been seen open. Each is tried until it is, then left in
 * peace.
 */
export function allOpen(ports: readonly number[]): () => Promise<boolean> {
  const closed = new Set(ports);
  return async () => {
    for (const port of closed) if (await isPortOpen(port)) closed.delete(port);
    return closed.size === 0;
  };
}
