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
  const { content } = object;
  if (content !== undefined || length <= pieceSize) {
    response.end(content?.subarray(first, first + length) ?? (await readPiece(object, first, length)));
    return sent(response, stallTimeout);
  }
  const end = first + length;
  for (let position = first; position < end; ) {
    const piece = await readPiece(object, position, Math.min(pieceSize, end - position));
    if (response.destroyed) return false;
    position += piece.length;
    if (!response.write(piece) && !(await happens(response, "drain", stallTimeout))) return false;
  }
  response.end();
  return sent(response, stallTimeout);
}

async function sent(response: ServerResponse, stallTimeout: Seconds): Promise<boolean> {
  return response.writableFinished || (await happens(response, "finish", stallTimeout));
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
