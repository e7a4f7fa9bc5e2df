import type { FileHandle } from "node:fs/promises";
import type { Bytes } from "../slot/slot.ts";
import { decodeTrailer, maxTrailerSize, ObjectFileError } from "./object-file.ts";
import type { ObjectMeta, OpenObject } from "./object-store.ts";

/** A file of up to this size is read whole when it is opened: one call less than its trailer and then its content. */
const smallFile: Bytes = 128 * 1024;

/**
 * Opens the object in an object file. The object owns the handle from then on; when this fails, the caller still
 * does.
 *
 * @throws {ObjectFileError} when the file is not what slotd wrote.
 */
export async function openDiskObject(handle: FileHandle, token: string): Promise<OpenObject> {
  const { size: fileSize } = await handle.stat();
  const tail = Buffer.allocUnsafe(fileSize <= smallFile ? fileSize : maxTrailerSize);
  const tailStart = fileSize - tail.length;
  await readFully(handle, tail, tailStart);
  return new DiskObject(handle, { token, ...decodeTrailer(tail, fileSize) }, tail, tailStart);
}

class DiskObject implements OpenObject {
  readonly token: string;
  readonly filename: string;
  readonly contentType: string;
  readonly size: Bytes;
  readonly created: Date;
  readonly #handle: FileHandle;
  readonly #tail: Uint8Array;
  readonly #tailStart: Bytes;

  constructor(
    handle: FileHandle,
    about: ObjectMeta & { readonly created: Date },
    tail: Uint8Array,
    tailStart: Bytes,
  ) {
    this.token = about.token;
    this.filename = about.filename;
    this.contentType = about.contentType;
    this.size = about.size;
    this.created = about.created;
    this.#handle = handle;
    this.#tail = tail;
    this.#tailStart = tailStart;
  }

  async read(buffer: Uint8Array, length: Bytes, position: Bytes): Promise<number> {
    const wanted = Math.min(length, buffer.length, this.size - position);
    if (wanted <= 0) return 0;
    if (position >= this.#tailStart) {
      const from = position - this.#tailStart;
      buffer.set(this.#tail.subarray(from, from + wanted));
      return wanted;
    }
    const { bytesRead } = await this.#handle.read(buffer, 0, wanted, position);
    return bytesRead;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

async function readFully(handle: FileHandle, into: Uint8Array, position: Bytes): Promise<void> {
  let done = 0;
  while (done < into.length) {
    const { bytesRead } = await handle.read(into, done, into.length - done, position + done);
    if (bytesRead === 0)
      throw new ObjectFileError("damaged", "The object file became shorter while it was read.");
    done += bytesRead;
  }
}
