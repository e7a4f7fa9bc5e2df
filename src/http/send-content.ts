import type { ServerResponse } from "node:http";
import type { Bytes, Seconds } from "../slot/slot.ts";
import type { OpenObject } from "../store/object-store.ts";

/** Content up to this size is sent with one read; longer content goes in pieces of this size. */
const pieceSize: Bytes = 256 * 1024;

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
  stallTimeout: Seconds,
): Promise<boolean> {
  if (length <= pieceSize) {
    response.end(await readPiece(object, first, length));
    return true;
  }
  const end = first + length;
  for (let position = first; position < end; ) {
    const piece = await readPiece(object, position, Math.min(pieceSize, end - position));
    if (response.destroyed) return false;
    position += piece.length;
    if (!response.write(piece) && !(await drained(response, stallTimeout))) {
      response.req.socket.destroy();
      return false;
    }
  }
  response.end();
  return true;
}

async function readPiece(object: OpenObject, position: Bytes, length: Bytes): Promise<Uint8Array> {
  const piece = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const read = await object.read(piece.subarray(done), length - done, position + done);
    if (read === 0) throw new Error("The object became shorter while it was sent.");
    done += read;
  }
  return piece;
}

function drained(response: ServerResponse, stallTimeout: Seconds): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (isDrained: boolean) => {
      clearTimeout(timer);
      response.off("drain", onDrain).off("close", onClose);
      resolve(isDrained);
    };
    const onDrain = () => settle(true);
    const onClose = () => settle(false);
    const timer = setTimeout(onClose, stallTimeout * 1000);
    response.once("drain", onDrain).once("close", onClose);
  });
}
