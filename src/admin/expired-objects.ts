import type { NotRemoved, StoredObject } from "../store/inventory.ts";
import type { OpenDomains } from "./open-domains.ts";
import type { Removed, RemoveOptions } from "./remove.ts";

/** Objects are removed in batches of this many. */
const batchSize = 500;

/**
 * Removes what a store itself knows to have expired, where no ledger is kept: on disk each object carries its expiry.
 * Where there is a ledger, it is the one to say what is removed.
 *
 * @param isDryRun counts only.
 */
export async function removeExpiredObjects(
  { domains }: OpenDomains,
  now: Date,
  isDryRun: boolean,
  { signal, onProgress }: Pick<RemoveOptions, "signal" | "onProgress">,
): Promise<Removed> {
  const removed = { files: 0, bytes: 0 };
  const notRemoved: NotRemoved[] = [];
  const written = new Set(domains.flatMap(({ ledger, place }) => (ledger === undefined ? [] : [place])));
  const places = new Map(domains.map(({ place, inventory }) => [place, inventory]));
  for (const [place, inventory] of places) {
    if (written.has(place)) continue;
    for await (const batch of expiredIn(inventory.list(), now)) {
      if (signal.aborted) return { ...removed, notRemoved, isWhole: false };
      const failed = isDryRun ? [] : await inventory.remove(batch);
      const failedTokens = new Set(failed.map(({ token }) => token));
      for (const { token, size } of batch) {
        if (failedTokens.has(token)) continue;
        removed.files += 1;
        removed.bytes += size;
      }
      notRemoved.push(...failed);
      onProgress(removed.files);
    }
  }
  return { ...removed, notRemoved, isWhole: true };
}

async function* expiredIn(objects: AsyncIterable<StoredObject>, now: Date): AsyncGenerator<StoredObject[]> {
  let batch: StoredObject[] = [];
  for await (const object of objects) {
    if (object.expiry === undefined || object.expiry.getTime() > now.getTime()) continue;
    batch.push(object);
    if (batch.length < batchSize) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
