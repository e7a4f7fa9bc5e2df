import type { Socket } from "node:net";

/**
 * Has node:http take no further request from a connection: what still comes is read and thrown away, and the answers
 * under way go on. To be called while no body is under way.
 *
 * COMPAT(Bun 1.4.5): it reads up to 512 KiB at once and makes a request and a response of every head in it, 5 KiB
 * each; neither pausing the socket nor anything else that Node.js has keeps it from that. What does is the listener by
 * which Bun itself ends the parsing of a connection that is closed. Should it be missing, reading is paused after
 * what was read already.
 */
export function stopParsing(socket: Socket): void {
  const stop = socket.listeners("close").find(({ name }) => name === "onSocketCloseStopParsing");
  if (stop === undefined) socket.pause();
  else Reflect.apply(stop, socket, []);
}
