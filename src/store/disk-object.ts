import { closeSync, fstatSync, read, readSync } from "node:fs";
import type { Bytes } from "../slot/slot.ts";
import { decodeTrailer, maxTrailerSize, ObjectFileError, type ObjectTrailer } from "./object-file.ts";
import type { OpenObject } from "./object-store.ts";
import type { ReadBuffers } from "./read-buffers.ts";

/** A buffer of this size takes a small file whole: one call less than its trailer and then its content. */
export const smallFile: Bytes = 128 * 1024;

/**
 * Opens the object in an object file and owns the descriptor from then on, also when this fails.
 *
 * @param buffers of `smallFile` bytes.
 * @throws {ObjectFileError} when the file is not what slotd wrote.
 */
export function openDiskObject(fd: number, token: string, buffers: ReadBuffers): OpenObject {
  let isKept = false;
  try {
    const { size: fileSize } = fstatSync(fd);
    if (fileSize <= buffers.size) return readSmall(fd, fileSize, token, buffers);
    const tail = Buffer.allocUnsafe(maxTrailerSize);
    readFully(fd, tail, tail.length, fileSize - tail.length);
    const about = decodeTrailer(tail, fileSize);
    isKept = true;
    return new LargeObject(fd, token, about);
  } finally {
    if (!isKept) closeSync(fd);
  }
}

function readSmall(fd: number, fileSize: Bytes, token: string, buffers: ReadBuffers): OpenObject {
  const buffer = buffers.take();
  try {
    readFully(fd, buffer, fileSize, 0);
    return new SmallObject(buffer, token, decodeTrailer(buffer.subarray(0, fileSize), fileSize), buffers);
  } catch (error) {
    buffers.give(buffer);
    throw error;
  }
}

abstract class DiskObject {
  readonly token: string;
  readonly filename: string;
  readonly contentType: string;
  readonly size: Bytes;
  readonly created: Date;
  readonly expiry: Date | undefined;

  constructor(token: string, { filename, contentType, size, created, expiry }: ObjectTrailer) {
    this.token = token;
    this.filename = filename;
    this.contentType = contentType;
    this.size = size;
    this.created = created;
    this.expiry = expiry;
  }
}

/** In memory as a whole; its file is closed already. */
class SmallObject extends DiskObject implements OpenObject {
  readonly content: Uint8Array;
  readonly #buffers: ReadBuffers;
  #buffer: Buffer | undefined;

  constructor(buffer: Buffer, token: string, about: ObjectTrailer, buffers: ReadBuffers) {
    super(token, about);
    this.content = buffer.subarray(0, about.size);
    this.#buffer = buffer;
    this.#buffers = buffers;
  }

  async read(buffer: Uint8Array, length: Bytes, position: Bytes): Promise<number> {
    const piece = this.content.subarray(position, position + Math.min(length, buffer.length));
    buffer.set(piece);
    return piece.length;
  }

  async close(): Promise<void> {
    if (this.#buffer !== undefined) this.#buffers.give(this.#buffer);
    this.#buffer = undefined;
  }
}

class LargeObject extends DiskObject implements OpenObject {
  readonly content = undefined;
  #fd: number | undefined;

  constructor(fd: number, token: string, about: ObjectTrailer) {
    super(token, about);
    this.#fd = fd;
  }

  read(buffer: Uint8Array, length: Bytes, position: Bytes): Promise<number> {
    const wanted = Math.min(length, buffer.length, this.size - position);
    const fd = this.#fd;
    if (wanted <= 0 || fd === undefined) return Promise.resolve(0);
    return new Promise((resolve, reject) => {
      read(fd, buffer, 0, wanted, position, (error, bytes) => (error ? reject(error) : resolve(bytes)));
    });
  }

  async close(): Promise<void> {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

function readFully(fd: number, into: Uint8Array, length: Bytes, position: Bytes): void {
  for (let done = 0; done < length; ) {
    const bytesRead = readSync(fd, into, done, length - done, position + done);
    if (bytesRead === 0) {
      throw new ObjectFileError("damaged", "The object file became shorter while it was read.");
    }
    done += bytesRead;
  }
}
