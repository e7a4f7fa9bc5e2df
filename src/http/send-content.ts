import type { ServerResponse } from "node:http";
import type { Bytes, Seconds } from "../slot/slot.ts";
import type { OpenObject } from "../store/object-store.ts";

/** Content that is not in memory is read and sent in pieces of this size. */
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
  if (content !== undefined) {
    response.end(content.subarray(first, first + length));
    return sent(response, stallTimeout);
  }
  const end = first + length;
  let buffer = Buffer.allocUnsafeSlow(Math.min(pieceSize, length));
  for (let position = first; position < end; ) {
    // What is not written yet must not be written over.
    if (response.writableLength > 0) buffer = Buffer.allocUnsafeSlow(Math.min(pieceSize, length));
    const piece = buffer.subarray(0, end - position);
    await fill(piece, object, position);
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
