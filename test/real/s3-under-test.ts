import { fixedCredentials } from "../../src/store/credentials.ts";
import { s3Bucket } from "../../src/store/s3/s3-bucket.ts";
import { s3Client } from "../../src/store/s3/s3-client.ts";
import { s3Inventory } from "../../src/store/s3/s3-inventory.ts";
import type { BucketUnderTest } from "../contract/bucket.ts";
import type { InventoryUnderTest } from "../contract/inventory.ts";
import type { S3Store } from "../peers/servers/s3-store.ts";

/** A real store as the bucket contract wants it: slotd signs the slots, AWS's own signer reads the objects back. */
export function storeUnderTest(store: S3Store): BucketUnderTest {
  const { bucketUrl, region } = store;
  return {
    bucket: s3Bucket({ bucketUrl, region, credentials: fixedCredentials(store), addAcl: false }),
    created: 200,
    fetchObject: (getUrl) => store.fetchObject(keyOf(store, getUrl)),
  };
}

/** A real store as the inventory contract wants it: files lie under a prefix, and are listed a few at a time. */
export function s3InventoryUnderTest(store: S3Store): InventoryUnderTest {
  const { region, accessKeyId, secretAccessKey } = store;
  const client = s3Client({
    bucketUrl: `${store.bucketUrl}/some%20prefix/a+b`,
    region,
    credentials: () => ({ accessKeyId, secretAccessKey }),
    now: () => new Date(),
  });
  return {
    inventory: s3Inventory(client, 7),
    put: async (token, filename, content) => {
      await store.putObject(`some prefix/a+b/${token}/${filename}`, content);
      // What is no object of slotd's must not disturb.
      await store.putObject(`some prefix/a+b/${token}.txt`, content);
    },
  };
}

/** The key of the object that a GET URL of path style is for. */
export function keyOf(store: S3Store, getUrl: string): string {
  if (!getUrl.startsWith(`${store.bucketUrl}/`))
    throw new Error(`${getUrl} does not lie in ${store.bucketUrl}`);
  return decodeURIComponent(getUrl.slice(store.bucketUrl.length + 1));
}
