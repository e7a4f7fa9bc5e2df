import type { Bytes } from "../slot/slot.ts";

/** What names an object in a store. */
export interface ObjectName {
  readonly token: string;
  readonly filename: string;
}

/** An object as a listing finds it. */
export interface StoredObject extends ObjectName {
  readonly size: Bytes;
  /** When it was stored. */
  readonly stored: Date;
  /** What the store itself knows of it; undefined: never, or not known to the store. */
  readonly expiry: Date | undefined;
  /** Why it cannot be served, in a few words; its filename, size and expiry are not known then. */
  readonly damage?: string;
}

/** An object that could not be removed. */
export interface NotRemoved {
  readonly token: string;
  /** In a few words, without a name. */
  readonly reason: string;
}

/**
 * The port for what is done with complete objects behind the back of uploads and downloads: listing, looking and
 * removing. Behind it are a data folder and an S3 bucket; test/contract/inventory.ts is what both promise.
 */
export interface Inventory {
  /**
   * Every object, ordered by token. What is stored or removed meanwhile may be in it or not. What is not named as an
   * object of slotd's is left out.
   */
  list(): AsyncIterable<StoredObject>;
  /** The size of an object's content; undefined when there is none. */
  sizeOf(object: ObjectName): Promise<Bytes | undefined>;
  /** Removes objects, for good when the promise resolves; those that are not there count as removed. */
  remove(objects: readonly ObjectName[]): Promise<readonly NotRemoved[]>;
}

/** The port for a look at one object. */
export interface ObjectFinder {
  /**
   * What the store knows of an object without reading its content; undefined when there is none. `stored`: when it was
   * uploaded, in whole seconds or finer.
   */
  find(object: ObjectName): Promise<(StoredObject & { readonly sha256?: string | undefined }) | undefined>;
}
