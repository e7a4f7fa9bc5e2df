import type { Bytes } from "../slot/slot.ts";
import type { ObjectStore } from "../store/object-store.ts";

/** A bucket that the HTTP server keeps: where its objects are, and whose signatures open it for a PUT. */
export interface HttpBucket {
  /** What clients reach the bucket by, one for each domain it serves; they are part of what is signed. */
  readonly publicUrls: readonly string[];
  readonly store: ObjectStore;
  /** The secret access key of this access key id; undefined when the bucket does not know it. */
  credentials(accessKeyId: string): string | undefined;
  readonly region: string;
  /** Asked anew for each upload; undefined is no limit. */
  maxFileSize(): Bytes | undefined;
}
