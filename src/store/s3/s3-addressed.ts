import { presign } from "../../sigv4/presign.ts";
import { cachedSigningKeys } from "../../sigv4/signing-key.ts";
import { type AddressedObjects, LookupError } from "../addressed-objects.ts";
import type { CredentialSource } from "../credentials.ts";
import { ADDRESSED, objectPath, parseBucketUrl, urlOf } from "../object-url.ts";
import { readMetadata } from "./address-metadata.ts";
import { sendHttp, type Transport } from "./s3-answer.ts";

export interface S3AddressedOptions {
  /** As `parseBucketUrl` reads it. */
  readonly bucketUrl: string;
  readonly region: string;
  readonly credentials: CredentialSource;
  /** In place of `fetch`. */
  readonly transport?: Transport;
}

/** Milliseconds; clients wait for a redirect meanwhile. */
const timeout = 5_000;
/** Of an answer; S3 allows 2 KiB of metadata and sends less than that beside them. */
const maxHeaders = 16 * 1024;
const expiresIn = 60;

/**
 * Looks at objects in an S3 bucket, each with one HEAD. It remembers nothing: who asks for strangers bounds how often.
 *
 * @throws {TypeError} when the bucket URL cannot be used; its text says why.
 */
export function s3Addressed(
  options: S3AddressedOptions,
  { now }: { readonly now: () => Date },
): AddressedObjects {
  const bucket = parseBucketUrl(options.bucketUrl);
  const signingKeys = cachedSigningKeys();
  const urlFor = (token: string): string => {
    const date = now();
    const credentials = options.credentials.current(date);
    if (credentials === undefined) throw new LookupError("There are no valid keys for the store.");
    const path = objectPath(bucket, token, ADDRESSED);
    const { host } = bucket;
    const { region } = options;
    const request = {
      method: "HEAD",
      host,
      path,
      headers: {},
      date,
      expires: expiresIn,
      region,
      credentials,
    };
    return `${urlOf(bucket, path)}?${presign(request, signingKeys)}`;
  };
  return {
    async look(token) {
      const { transport } = options;
      const request = { method: "HEAD", url: urlFor(token), timeout, ...(transport && { transport }) };
      const { status, headers } = await sendHttp(request).catch((error) => {
        throw new LookupError(error instanceof Error ? error.message : "The store cannot be asked.", error);
      });
      // COMPAT(AWS): without the right to list the bucket, 403 is the answer for what is not there.
      if (status === 404 || status === 403) return undefined;
      if (status !== 200)
        throw new LookupError(`The store answered ${status} to the question for an object.`);
      if (sizeOf(headers) > maxHeaders) throw new LookupError("The store answered with too many headers.");
      return readMetadata(token, headers);
    },
  };
}

function sizeOf(headers: Headers): number {
  let size = 0;
  for (const [name, value] of headers) size += name.length + value.length;
  return size;
}
