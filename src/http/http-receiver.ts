import type { AddressRule } from "../address/address-key.ts";
import type { ReceiverSettings } from "../receive/receiver.ts";
import type { Refusal } from "../slot/refusal.ts";
import type { ObjectMeta } from "../store/object-store.ts";
import type { HttpBucket } from "./http-bucket.ts";

/** What of a bucket an upload needs, whoever gave its slot. */
export type UploadBucket = Pick<HttpBucket, "store" | "publicUrls" | "observer" | "unavailable">;

/** Who an upload to an address belongs to, when it is there. */
export interface AddressedObject extends ObjectMeta {
  /** The bare JID of the uploader; undefined: nobody knows, and it belongs to the domain. */
  readonly owner: string | undefined;
}

/** Where uploads to addresses are written down, and what is remembered of them. None of its methods throws. */
export interface AddressRecord {
  /** Why nothing may be uploaded under these tokens any more: a file of one of them was deleted. */
  spent(tokens: readonly string[]): Promise<Refusal | undefined>;
  /** Reserves room for an object; the same object may be reserved again. */
  reserve(object: AddressedObject): Promise<Refusal | undefined>;
  /** Gives the room back, unless another upload of the same object is under way. */
  release(token: string): Promise<void>;
  /** The object is stored: it must be in the ledger, whatever has become of the reservation meanwhile. */
  restore(object: AddressedObject): Promise<void>;
  /** Removes what was stored and must not stay. */
  remove(object: ObjectMeta): Promise<void>;
}

/** A receiver: slots of an XMPP server's own module lead to it. */
export interface HttpReceiver {
  /** As the operator calls it. */
  readonly name: string;
  /** The base of its URLs, literally as it is configured in the XMPP server. */
  readonly url: string;
  /** The name of its address space. */
  readonly space: string;
  readonly settings: ReceiverSettings;
  /** The rules of former services whose files are in the same address space. */
  readonly otherRules: readonly AddressRule[];
  readonly bucket: UploadBucket;
  readonly record: AddressRecord;
}
