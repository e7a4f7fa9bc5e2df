import { close, closeSync, fstatSync, read, readSync, type Stats } from "node:fs";
import type { Bytes } from "../slot/slot.ts";
import type { HotObjects } from "./hot-objects.ts";
import { decodeTrailer, maxTrailerSize, ObjectFileError, type ObjectTrailer } from "./object-file.ts";
import { DiskObject, ObjectInMemory } from "./object-in-memory.ts";
import type { OpenObject } from "./object-store.ts";
import type { ReadBuffers } from "./read-buffers.ts";

/** A buffer of this size takes a small file whole: one call less than its trailer and then its content. */
export const smallFile: Bytes = 128 * 1024;

/**
 * Opens the object in an object file and owns the descriptor from then on, also when this fails.
 *
 * A small file is in memory as a whole, unless as many are as there may be: then it is read in pieces too.
 *
 * @param buffers of `smallFile` bytes.
 * @param hot is told of every object that is read as a whole.
 * @throws {ObjectFileError} when the file is not what slotd wrote.
 */
export function openDiskObject(fd: number, token: string, buffers: ReadBuffers, hot: HotObjects): OpenObject {
  let isKept = false;
  try {
    const stat = fstatSync(fd);
    const buffer = stat.size <= buffers.size ? buffers.take() : undefined;
    if (buffer !== undefined) return readSmall(fd, stat, token, buffer, buffers, hot);
    const fileSize: Bytes = stat.size;
    const tail = Buffer.allocUnsafe(Math.min(maxTrailerSize, fileSize));
    readFully(fd, tail, tail.length, fileSize - tail.length);
    const about = decodeTrailer(tail, fileSize);
    isKept = true;
    return new LargeObject(fd, token, about);
  } finally {
    if (!isKept) closeSync(fd);
  }
}

function readSmall(
  fd: number,
  stat: Stats,
  token: string,
  buffer: Buffer,
  buffers: ReadBuffers,
  hot: HotObjects,
): OpenObject {
  try {
    readFully(fd, buffer, stat.size, 0);
    const about = decodeTrailer(buffer.subarray(0, stat.size), stat.size);
    const object = new BufferedObject(buffer, token, about, buffers);
    hot.offer(token, about, object.content, stat);
    return object;
  } catch (error) {
    buffers.give(buffer);
    throw error;
  }
}

/** In a buffer that is used again once it is closed. */
class BufferedObject extends ObjectInMemory {
  readonly #buffers: ReadBuffers;
  #buffer: Buffer | undefined;

  constructor(buffer: Buffer, token: string, about: ObjectTrailer, buffers: ReadBuffers) {
    super(token, about, buffer.subarray(0, about.size));
    this.#buffer = buffer;
    this.#buffers = buffers;
  }

  override async close(): Promise<void> {
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

  /** Its name may have been taken away meanwhile: then this frees a large file, which takes long. */
  close(): Promise<void> {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd === undefined) return Promise.resolve();
    return new Promise((resolve, reject) => {
      close(fd, (error) => (error ? reject(error) : resolve()));
    });
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
