import type { Bytes } from "../slot/slot.ts";

/** What is kept about an object beside its bytes. */
export interface ObjectMeta {
  readonly token: string;
  readonly filename: string;
  readonly size: Bytes;
  /** The media type sent with the PUT, valid and at most 255 bytes; "application/octet-stream" when none was. */
  readonly contentType: string;
  /**
   * When it stops being available, a whole second; undefined: never. The store keeps it, and serves the object still.
   */
  readonly expiry?: Date | undefined;
  /** When it was uploaded, where that is not now: to a former service. A whole second. */
  readonly created?: Date | undefined;
  /**
   * The SHA-256 of the content, 64 lowercase hex digits, where it is known before. A store that can refuses content with
   * another one, and keeps it with the object.
   */
  readonly sha256?: string | undefined;
}

/** A complete object, opened for reading. Whoever opens it closes it. */
export interface OpenObject extends ObjectMeta {
  /** When the object became complete. */
  readonly created: Date;
  /** All of it, where it is in memory anyway; not to be read after `close`. */
  readonly content: Uint8Array | undefined;
  readonly expiry: Date | undefined;
  /** Reads up to `length` bytes from `position` (both within the content) into `buffer`; gives how many were read. */
  read(buffer: Uint8Array, length: Bytes, position: Bytes): Promise<number>;
  close(): Promise<void>;
}

/** Why an object could not be stored; the store is as it was before. */
export type PutFailure =
  /** An object with this token is complete already. */
  | "exists"
  /** The body ended before `size` bytes, or went on after them. */
  | "wrong-length"
  /** No space, no inodes, or over the disk quota of the file system. */
  | "full"
  /** The store takes no writes at present (read-only file system, permission). */
  | "read-only"
  /** The store behind slotd refused it, failed or could not be reached; the error's message says how. */
  | "upstream";

export class PutError extends Error {
  readonly code: PutFailure;
  constructor(code: PutFailure, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "PutError";
    this.code = code;
  }
}

/**
 * The port for bytes that come to slotd, wherever it puts them.
 * An object is either complete and durable or not there at all, whatever happens in between.
 */
export interface ObjectSink {
  /** Whether there is a complete object with this token. @throws {PutError} when that cannot be found out. */
  has(token: string, filename: string): Promise<boolean>;
  /**
   * Stores an object: when the promise resolves, its bytes, its meta data and its name survive a power cut.
   *
   * @param body its chunks are the store's from then on, which may take their memory.
   * @throws {PutError} and leaves nothing behind. What `body` throws is passed on, with nothing left behind.
   */
  put(meta: ObjectMeta, body: AsyncIterable<Uint8Array>): Promise<void>;
}

/** The port for bytes that slotd keeps itself. */
export interface ObjectStore extends ObjectSink {
  /** Whether a complete object has this token, whatever its filename. */
  has(token: string): Promise<boolean>;
  /** Opens a complete object; undefined when there is none. */
  open(token: string): Promise<OpenObject | undefined>;
}
