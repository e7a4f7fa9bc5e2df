import type { Bytes } from "../../slot/slot.ts";
import type { OpenObject } from "../object-store.ts";
import type { ObjectTrailer } from "./object-file.ts";

/** What every opened object says about itself. */
export abstract class DiskObject {
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

/** An object whose content is in memory as a whole; its file is closed already. */
export class ObjectInMemory extends DiskObject implements OpenObject {
  readonly content: Uint8Array;

  constructor(token: string, about: ObjectTrailer, content: Uint8Array) {
    super(token, about);
    this.content = content;
  }

  async read(buffer: Uint8Array, length: Bytes, position: Bytes): Promise<number> {
    const piece = this.content.subarray(position, position + Math.min(length, buffer.length));
    buffer.set(piece);
    return piece.length;
  }

  async close(): Promise<void> {}
}
