import type { ObjectMeta } from "./object-store.ts";

/** What a bucket says of an object that an address names. */
export interface AddressedObject extends ObjectMeta {
  readonly created: Date;
}

/** The bucket could not be asked, or did not answer the question. */
export class LookupError extends Error {
  readonly code = "lookup";
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "LookupError";
  }
}

/** The port for what only an object itself knows: of one whose token was made from an address. */
export interface AddressedObjects {
  /**
   * Asks the bucket, with one request of at most 5 s of which at most 16 KiB of headers are read, and no body.
   *
   * @returns undefined when there is no such object.
   * @throws {LookupError} when that cannot be found out.
   */
  look(token: string): Promise<AddressedObject | undefined>;
}
