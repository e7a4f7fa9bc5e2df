import type { Refusal } from "../slot/refusal.ts";
import type { ObjectMeta } from "../store/object-store.ts";

/** Is told of the uploads to a bucket, so that it can be written down who holds how much. */
export interface UploadObserver {
  /** The body of an upload is about to be read. What it gives is called when the upload is over, however it went. */
  begin(token: string): () => void;
  /**
   * The object is stored. Gives a refusal when there is no room for it any more, or when its slot was deleted
   * meanwhile; then it has been removed again. Must not throw: what cannot be written down now is found out later.
   *
   * @param isReserved whether its slot was written down when it was given.
   */
  stored(object: ObjectMeta, isReserved: boolean): Promise<Refusal | undefined>;
}
