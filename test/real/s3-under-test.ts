import { s3Bucket } from "../../src/store/s3-bucket.ts";
import type { BucketUnderTest } from "../contract/bucket.ts";
import type { S3Store } from "../peers/s3-store.ts";

/** A real store as the bucket contract wants it: slotd signs the slots, AWS's own signer reads the objects back. */
export function storeUnderTest(store: S3Store): BucketUnderTest {
  const { bucketUrl, region, accessKeyId, secretAccessKey } = store;
  return {
    bucket: s3Bucket({ bucketUrl, region, accessKeyId, secretAccessKey, addAcl: false }),
    created: 200,
    fetchObject: (getUrl) => store.fetchObject(keyOf(store, getUrl)),
  };
}

/** The key of the object that a GET URL of path style is for. */
export function keyOf(store: S3Store, getUrl: string): string {
  if (!getUrl.startsWith(`${store.bucketUrl}/`))
    throw new Error(`${getUrl} does not lie in ${store.bucketUrl}`);
  return decodeURIComponent(getUrl.slice(store.bucketUrl.length + 1));
}
