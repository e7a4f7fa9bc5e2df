import type { ServerResponse } from "node:http";
import type { Bytes, Seconds } from "../slot/slot.ts";
import type { OpenObject } from "../store/object-store.ts";

/** How content is sent. */
export interface SendPace {
  /** A client that takes no byte for so long is cut off. */
  readonly stallTimeout: Seconds;
  /** The size of the pieces in which content is read and sent; asked anew for each, for a crowd may come. */
  pieceSize(): Bytes;
}

/** The size of pieces while few downloads are under way: their memory does not count, and large ones are faster. */
export const largePiece: Bytes = 256 * 1024;

/**
 * The size of pieces by how many downloads are under way. A client that takes nothing may have two in memory: all of
 * them together take some 16 MiB, or 16 KiB each.
 */
export function pieceSizeFor(downloads: number): Bytes {
  if (downloads <= 16) return largePiece;
  return downloads <= 64 ? 64 * 1024 : 16 * 1024;
}

/**
 * Sends `length` bytes of an object from `first`, and ends the response. No more than a few pieces are in memory,
 * whatever the length: each waits until the client has taken the one before.
 *
 * @returns false when the client went away or took nothing for `stallTimeout`; the connection is closed then.
 * @throws when the object cannot be read; the response is then incomplete.
 */
export async function sendContent(
  response: ServerResponse,
  object: OpenObject,
  first: Bytes,
  length: Bytes,
  { stallTimeout, pieceSize }: SendPace,
): Promise<boolean> {
  const end = first + length;
  const { content } = object;
  if (content !== undefined && length <= pieceSize()) {
    response.end(content.subarray(first, end));
    return sent(response, stallTimeout);
  }
  let buffer: Uint8Array | undefined;
  for (let position = first; position < end; ) {
    const size = Math.min(pieceSize(), end - position);
    let piece = content?.subarray(position, position + size);
    if (piece === undefined) {
      // What is not written yet must not be written over.
      if (buffer === undefined || buffer.length < size || response.writableLength > 0)
        buffer = Buffer.allocUnsafeSlow(size);
      piece = buffer.subarray(0, size);
      await fill(piece, object, position);
    }
    if (response.destroyed) return false;
    position += piece.length;
    if (response.write(piece)) continue;
    // A client may take its time, and what it has not taken yet is kept elsewhere.
    if (size < largePiece) buffer = undefined;
    if (!(await happens(response, "drain", stallTimeout))) return false;
  }
  response.end();
  return sent(response, stallTimeout);
}

async function sent(response: ServerResponse, stallTimeout: Seconds): Promise<boolean> {
  return response.writableFinished || (await happens(response, "finish", stallTimeout));
}

async function fill(piece: Uint8Array, object: OpenObject, position: Bytes): Promise<void> {
  for (let done = 0; done < piece.length; ) {
    const read = await object.read(piece.subarray(done), piece.length - done, position + done);
    if (read === 0) throw new Error("The object became shorter while it was sent.");
    done += read;
  }
}

/** Waits for the client to take what was written; false, and the connection closed, when it does not. */
function happens(
  response: ServerResponse,
  event: "drain" | "finish",
  stallTimeout: Seconds,
): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (isDone: boolean) => {
      clearTimeout(timer);
      response.off(event, onEvent).off("close", onClose);
      if (!isDone) response.req.socket.destroy();
      resolve(isDone);
    };
    const onEvent = () => settle(true);
    const onClose = () => settle(response.writableFinished);
    const timer = setTimeout(onClose, stallTimeout * 1000);
    response.once(event, onEvent).once("close", onClose);
  });
}
