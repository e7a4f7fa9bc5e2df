import type { AccessKey } from "../sigv4/signing-key.ts";
import type { Refusal } from "../slot/refusal.ts";
import type { Bytes } from "../slot/slot.ts";
import type { ObjectSink, ObjectStore } from "../store/object-store.ts";
import type { UploadObserver } from "./upload-observer.ts";

/** A list of keys that may be another one from one moment to the next. */
export interface KeySource {
  readonly value: readonly AccessKey[];
}

/** A bucket that takes uploads over HTTP: where they go, and whose signatures open it for a PUT. */
export interface HttpBucket {
  /** What clients reach the bucket by, one for each domain it serves; they are part of what is signed. */
  readonly publicUrls: readonly string[];
  /** Objects can be fetched here only from a store that opens them. */
  readonly store: ObjectSink & Partial<Pick<ObjectStore, "open">>;
  /**
   * Whose signatures open it: lists of keys, each asked anew for each upload. A list that has changed is another one.
   */
  readonly keys: readonly KeySource[];
  readonly region: string;
  /** Asked anew for each upload; undefined is no limit. */
  maxFileSize(): Bytes | undefined;
  /** Absent: nobody wants to know. */
  readonly observer?: UploadObserver | undefined;
  /** Why its store cannot be used at present: its volume is not there. Asked for each upload; absent: it always can. */
  unavailable?(): Refusal | undefined;
}

/** Why one of these buckets cannot be used at present. */
export function unavailableIn(buckets: readonly HttpBucket[]): Refusal | undefined {
  for (const bucket of buckets) {
    const refusal = bucket.unavailable?.();
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
