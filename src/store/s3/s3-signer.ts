import { presign } from "../../sigv4/presign.ts";
import { cachedSigningKeys } from "../../sigv4/signing-key.ts";
import type { Seconds } from "../../slot/slot.ts";
import { type CredentialSource, lifeWithin } from "../credentials.ts";
import type { ObjectSigner } from "../object-signer.ts";
import { objectPath, parseBucketUrl, urlOf } from "../object-url.ts";

export interface S3SignerOptions {
  /** As `parseBucketUrl` reads it. */
  readonly bucketUrl: string;
  readonly region: string;
  readonly credentials: CredentialSource;
  /** How long a URL is valid when it is new: 2 to 604800. One that is given again has at least half of it left. */
  readonly expiresIn: Seconds;
}

/**
 * Signs reading from an S3 bucket. The signing date is the beginning of the present half of a life, so within it the
 * URL of an object does not change.
 *
 * @throws {TypeError} when the bucket URL cannot be used; its text says why.
 */
export function s3Signer(options: S3SignerOptions): ObjectSigner {
  const bucket = parseBucketUrl(options.bucketUrl);
  const signingKeys = cachedSigningKeys();
  const period = Math.floor(options.expiresIn / 2) * 1000;
  return {
    sign(method, object, as, now, until) {
      const credentials = options.credentials.current(now);
      if (credentials === undefined) return undefined;
      const date = new Date(Math.floor(now.getTime() / period) * period);
      const expires = Math.min(lifeWithin(credentials, date, options.expiresIn), secondsTo(until, date));
      if (date.getTime() + expires * 1000 <= now.getTime()) return undefined;
      const path = objectPath(bucket, object.token, object.filename);
      const query = presign(
        {
          method,
          host: bucket.host,
          path,
          query: [
            ["response-content-disposition", as.contentDisposition],
            ["response-content-type", as.contentType],
          ],
          headers: {},
          date,
          expires,
          region: options.region,
          credentials,
        },
        signingKeys,
      );
      return `${urlOf(bucket, path)}?${query}`;
    },
  };
}

/** A second less than there is: stores count in whole seconds, and let the last one pass. */
function secondsTo(until: Date | undefined, date: Date): Seconds {
  if (until === undefined) return Number.POSITIVE_INFINITY;
  return Math.floor((until.getTime() - date.getTime()) / 1000) - 1;
}
