import { randomBytes } from "node:crypto";
import { fixedCredentials } from "../../src/store/credentials.ts";
import { s3Bucket } from "../../src/store/s3-bucket.ts";
import type { S3Store } from "../peers/s3-store.ts";

/** A slot as slotd gives it in the direct mode, for 300 s. */
export function presignedSlot(
  store: S3Store,
  { size, bucketUrl = store.bucketUrl }: { readonly size: number; readonly bucketUrl?: string },
) {
  const { accessKeyId, secretAccessKey, region } = store;
  const credentials = fixedCredentials({ accessKeyId, secretAccessKey });
  const token = randomBytes(16).toString("hex");
  const object = { token, filename: "a.txt", size, contentType: "text/plain" };
  const bucket = s3Bucket({ bucketUrl, region, credentials, addAcl: false });
  const { putUrl } = bucket.slot(object, 300, new Date());
  return { putUrl, key: `${token}/a.txt`, headers: { "content-type": "text/plain" } };
}
