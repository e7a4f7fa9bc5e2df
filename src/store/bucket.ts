import type { Refusal } from "../slot/refusal.ts";
import type { Bytes, Seconds, Slot } from "../slot/slot.ts";

/** The object that a slot is for. */
export interface NewObject {
  /** Lowercase hex, with a time where it is dated; the only part of the object's address that has to be unguessable. */
  readonly token: string;
  readonly filename: string;
  readonly size: Bytes;
  readonly contentType: string | undefined;
  /** When it stops being available, a whole second; undefined: never. */
  readonly expiry?: Date | undefined;
  /**
   * Whether the slot stands in a ledger: its object must not stay once the ledger knows it no more. False when absent.
   */
  readonly isReserved?: boolean;
}

/**
 * The port that makes slots: a place with a URL that takes presigned PUTs.
 * Implemented by an S3 bucket and by slotd's own HTTP server; test/contract/bucket.ts is what both promise.
 */
export interface Bucket {
  /**
   * Makes the PUT and GET URL of an object. No request is made and nothing is kept.
   *
   * @param expiresIn 1 to 604800; after that many seconds from `now`, or sooner when the bucket's own credentials
   * end sooner, the PUT URL is refused.
   */
  slot(object: NewObject, expiresIn: Seconds, now: Date): Slot;
  /** Why the bucket can make no slot at present; undefined when it can. Asked before each slot. */
  unavailable?(now: Date): Refusal | undefined;
}
