import type { StatedPurpose } from "./purpose.ts";

/** A number of bytes: a whole number from 0 to 2^53 - 1. */
export type Bytes = number;

/**
 * The largest size that a slot is given for, also where `max_file_size` sets no limit: 1 TiB. Sizes are reserved before
 * anything was sent, so one that could not be counted beside many others would take their place.
 */
export const MAX_FILE_SIZE: Bytes = 2 ** 40;

/** A number of whole seconds. */
export type Seconds = number;

/**
 * What a requester asks for, already read from the wire and valid.
 * Source: XEP-0363 §4, §5.
 */
export interface SlotRequest extends StatedPurpose {
  /** 1 to 255 bytes of UTF-8, one path segment, as the client sent it. */
  readonly filename: string;
  readonly size: Bytes;
  /** A media type of at most 255 bytes; absent when the client declared none. */
  readonly contentType: string | undefined;
}

/**
 * The answer to a slot request: where to PUT the file, and where anyone can GET it after that.
 * Source: XEP-0363 §4.
 */
export interface Slot {
  /** Signed, valid for one object, one size and (when declared) one type, until it expires. */
  readonly putUrl: string;
  readonly getUrl: string;
}
