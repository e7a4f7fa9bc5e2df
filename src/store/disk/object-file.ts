import { crc32 } from "node:zlib";
import type { Bytes } from "../../slot/slot.ts";
import type { ObjectMeta } from "../object-store.ts";

/*
 * One object is one file, so that content and meta data can never be torn apart:
 *
 *   content     as it was uploaded, first, so that an operator's tools recognise the file
 *   meta data   JSON: {"v":1,"name":…,"type":…,"size":…,"created":milliseconds since 1970}, and for an object that
 *               expires "v":2 and "expires":milliseconds since 1970, so that no slotd serves it that knows nothing
 *               of expiries
 *   footer      16 bytes: length of the JSON (u32), its CRC-32 (u32), both big-endian, and the magic
 */

const utf8 = new TextDecoder("utf-8", { fatal: true });
const magic = new TextEncoder().encode("slotdo1\n");
const footerSize = 8 + magic.length;
const maxMetaSize = 4096;

/** The most that a trailer (meta data and footer) can take at the end of an object file. */
export const maxTrailerSize: Bytes = maxMetaSize + footerSize;

/** What an object file says about itself. */
export interface ObjectTrailer {
  readonly filename: string;
  readonly contentType: string;
  readonly size: Bytes;
  readonly created: Date;
  readonly expiry: Date | undefined;
}

/** A file that is not what slotd wrote. It is never served; the message says which file and why. */
export class ObjectFileError extends Error {
  /** "damaged": cut off, changed, or not an object at all. "too-new": written by a later slotd. */
  readonly code: "damaged" | "too-new";
  constructor(code: "damaged" | "too-new", message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "ObjectFileError";
    this.code = code;
  }
}

/**
 * Encodes what follows the content in an object file.
 *
 * @throws {RangeError} when name and type together pass 4 KiB of JSON; 255 bytes each never do.
 */
export function encodeTrailer(meta: Omit<ObjectMeta, "token">, created: Date): Uint8Array {
  const json = new TextEncoder().encode(
    JSON.stringify({
      v: meta.expiry === undefined ? 1 : 2,
      name: meta.filename,
      type: meta.contentType,
      size: meta.size,
      created: created.getTime(),
      expires: meta.expiry?.getTime(),
    }),
  );
  if (json.length > maxMetaSize) {
    throw new RangeError(`The meta data of an object take at most ${maxMetaSize} bytes, not ${json.length}.`);
  }
  const trailer = new Uint8Array(json.length + footerSize);
  const view = new DataView(trailer.buffer);
  trailer.set(json);
  view.setUint32(json.length, json.length);
  view.setUint32(json.length + 4, crc32(json));
  trailer.set(magic, json.length + 8);
  return trailer;
}

/**
 * Decodes the end of an object file.
 *
 * @param tail the last bytes of the file: all of it, or at least `maxTrailerSize`.
 * @param fileSize the size of the whole file; the content, the meta data and the footer must add up to it.
 * @throws {ObjectFileError} when anything at all is not as `encodeTrailer` made it.
 */
export function decodeTrailer(tail: Uint8Array, fileSize: Bytes): ObjectTrailer {
  const json = metaBytes(tail);
  const meta = parseMeta(json);
  if (meta.v !== 1 && meta.v !== 2) {
    throw new ObjectFileError(
      "too-new",
      `The object is of version ${String(meta.v)}; this slotd reads 1 and 2.`,
    );
  }
  const { name, type, size, created, expires } = meta;
  if (meta.v === 2 && !isCount(expires)) throw damaged("its expiry is missing");
  if (typeof name !== "string" || typeof type !== "string" || !isCount(size) || !isCount(created)) {
    throw damaged("its meta data are not complete");
  }
  const expected = size + json.length + footerSize;
  if (expected !== fileSize) {
    throw damaged(`the file should have ${expected} bytes and has ${fileSize}`);
  }
  const expiry = isCount(expires) ? new Date(expires) : undefined;
  return { filename: name, contentType: type, size, created: new Date(created), expiry };
}

function metaBytes(tail: Uint8Array): Uint8Array {
  const end = tail.length - footerSize;
  if (end < 0) throw damaged("it is too short");
  for (let i = 0; i < magic.length; i += 1) {
    if (tail[end + 8 + i] !== magic[i]) throw damaged("it does not end as an object does");
  }
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  const length = view.getUint32(end);
  if (length > maxMetaSize || length > end) throw damaged("the length of its meta data is not possible");
  const json = tail.subarray(end - length, end);
  if (crc32(json) !== view.getUint32(end + 4)) throw damaged("the checksum of its meta data is wrong");
  return json;
}

function parseMeta(
  json: Uint8Array,
): Partial<Record<"v" | "name" | "type" | "size" | "created" | "expires", unknown>> {
  try {
    const meta: unknown = JSON.parse(utf8.decode(json));
    if (typeof meta === "object" && meta !== null) return meta;
  } catch (cause) {
    throw damaged("its meta data are not JSON", cause);
  }
  throw damaged("its meta data are not a JSON object");
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function damaged(why: string, cause?: unknown): ObjectFileError {
  return new ObjectFileError("damaged", `The object file is damaged: ${why}.`, cause);
}
