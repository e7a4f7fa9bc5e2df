import type { Bytes } from "../slot/slot.ts";
import type { Inventory, ObjectFinder } from "../store/inventory.ts";
import type { ObjectSink, OpenObject } from "../store/object-store.ts";

/** The store that takes an import. */
export interface ImportTarget {
  readonly sink: ObjectSink;
  readonly finder: ObjectFinder;
  readonly inventory: Pick<Inventory, "remove">;
  /** Opens what is stored, to be read back. undefined: the store itself refuses content with another SHA-256. */
  readonly open: ((token: string) => Promise<OpenObject | undefined>) | undefined;
  /** Has what was put survive a power failure, where that takes more than the put; absent: a put alone does. */
  readonly flush?: (() => Promise<void>) | undefined;
  /** The most bytes that one object may have; undefined: no limit of the store's own. */
  readonly maxObjectSize: Bytes | undefined;
}

/** The addresses whose file was deleted, or has expired, and is not to come again. */
export interface KnownDeletions {
  has(token: string): Promise<boolean>;
  /** Remembers tokens, for good when the promise resolves. */
  add(tokens: readonly string[]): Promise<void>;
}

/** The most that one PUT to S3 may bring. Source: the S3 API, PutObject; more takes a multipart upload. */
export const largestPut: Bytes = 5 * 2 ** 30;
