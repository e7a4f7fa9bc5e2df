import type { Socket } from "node:net";
import type { Connection } from "./connection.ts";

/** The most that the parser gets at once outside of a body: room for one usual head, and for few that are not. */
const pieceSize = 4 * 1024;

/** With so many bytes of a body that nobody has read yet, reading pauses. */
const highWater = 256 * 1024;

/**
 * Gives what comes on a connection, which node:http reads by "data" events, to its parser piece by piece: so that a
 * connection that sends too many requests at once costs no more than those in one piece, and a body that nobody reads
 * yet no more than `highWater`. The parser gets the same bytes in the same order, so that where they are cut changes
 * nothing.
 *
 * COMPAT(Bun 1.4.5): node:http parses all of what was read at once, and goes on reading whether a body is read or not,
 * when it is given connections by its "connection" event.
 */
export function feedInPieces(socket: Socket, connection: Connection): void {
  const parsers = socket.listeners("data");
  socket.removeAllListeners("data");
  const parse = (piece: Buffer<ArrayBuffer>) => {
    for (const parser of parsers) parser.call(socket, piece);
  };
  let held: Buffer<ArrayBuffer> | undefined;
  let isFeeding = false;
  let bodyLeft = 0;
  const feed = (bytes: Buffer<ArrayBuffer>) => {
    let at = 0;
    while (at < bytes.length && !connection.isDeaf && !socket.destroyed) {
      if (isFull(connection)) {
        held = bytes.subarray(at);
        socket.pause();
        return;
      }
      const before = connection.latest;
      const piece = bytes.subarray(at, at + Math.max(pieceSize, Math.min(bodyLeft, highWater)));
      parse(piece);
      at += piece.length;
      // A few bytes of the new body may be in this piece: it is only a question of how the next ones are cut.
      bodyLeft = connection.latest === before ? Math.max(0, bodyLeft - piece.length) : announced(connection);
    }
  };
  const feedHeld = () => {
    if (isFeeding) return;
    isFeeding = true;
    while (held !== undefined && !isFull(connection)) {
      const bytes = held;
      held = undefined;
      feed(bytes);
    }
    isFeeding = false;
    if (held !== undefined) socket.pause();
  };
  socket.on("data", (bytes: Buffer<ArrayBuffer>) => {
    held = held === undefined ? bytes : Buffer.concat([held, bytes]);
    feedHeld();
  });
  // The parser's request asks for more by this.
  socket.on("resume", feedHeld);
}

function isFull({ latest }: Connection): boolean {
  return (latest?.readableLength ?? 0) >= highWater;
}

function announced({ latest }: Connection): number {
  const length = Number(latest?.headers["content-length"]);
  return Number.isSafeInteger(length) ? length : 0;
}
