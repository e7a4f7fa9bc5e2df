import { presign } from "../../sigv4/presign.ts";
import type { QueryParameter } from "../../sigv4/query.ts";
import { cachedSigningKeys } from "../../sigv4/signing-key.ts";
import type { Refusal } from "../../slot/refusal.ts";
import type { Bucket, NewObject } from "../bucket.ts";
import { type CredentialSource, CredentialsError, lifeWithin } from "../credentials.ts";
import { objectPath, parseBucketUrl, placeMark, urlOf } from "../object-url.ts";

/** The query parameter in which `echoDeclared` repeats the declared size, in bytes. */
export const DECLARED_LENGTH = "content-length";

/** The query parameter in which `echoDeclared` repeats the declared media type; absent when none was declared. */
export const DECLARED_TYPE = "content-type";

/**
 * The query parameter in which `echoDeclared` says when the object expires, in seconds since 1970; absent for never.
 */
export const EXPIRES_AT = "expires-at";

/** The query parameter with which `echoDeclared` says that the slot stands in a ledger; absent: in none. */
export const IS_RESERVED = "reserved";

/**
 * The query parameter with which `echoDeclared` says for which host and prefix the URL is, as `placeMark` writes it.
 */
export const PLACE = "place";

export interface S3BucketOptions {
  /** As `parseBucketUrl` reads it. */
  readonly bucketUrl: string;
  readonly region: string;
  /** Asked for each slot. */
  readonly credentials: CredentialSource;
  /** What GET URLs begin with, read as the bucket URL is; the bucket URL when absent. */
  readonly publicUrl?: string;
  /** Asks for a public-read object, in the signed query: the requester has no way to send a header for it. */
  readonly addAcl: boolean;
  /**
   * Repeats the declared size and type, the expiry, whether the slot is reserved, and which place it is for, in the
   * signed query, for a bucket that says what it expected. Never on S3.
   */
  readonly echoDeclared?: boolean;
}

/**
 * A bucket that takes SigV4 presigned PUTs. The PUT URL is good for one object, of the declared size and,
 * when one was declared, the declared type; the GET URL is the same without its query, or at the public URL. A URL
 * never outlives the credentials that signed it.
 *
 * @throws {TypeError} when the bucket URL cannot be used; its text says why.
 */
export function s3Bucket(options: S3BucketOptions): Bucket {
  const bucket = parseBucketUrl(options.bucketUrl);
  const publicBucket = options.publicUrl === undefined ? bucket : parseBucketUrl(options.publicUrl);
  const signingKeys = cachedSigningKeys();
  const mark = placeMark(bucket);
  return {
    slot(object, expiresIn, now) {
      const credentials = options.credentials.current(now);
      if (credentials === undefined) throw new CredentialsError();
      const path = objectPath(bucket, object.token, object.filename);
      const headers = declaredHeaders(object);
      const query = presign(
        {
          method: "PUT",
          host: bucket.host,
          path,
          query: extraQuery(options, object, headers, mark),
          headers,
          date: now,
          expires: lifeWithin(credentials, now, expiresIn),
          region: options.region,
          credentials,
        },
        signingKeys,
      );
      const publicPath =
        publicBucket === bucket ? path : objectPath(publicBucket, object.token, object.filename);
      const getUrl = urlOf(publicBucket, publicPath);
      return { putUrl: `${urlOf(bucket, path)}?${query}`, getUrl };
    },
    unavailable: (now) => (options.credentials.current(now) === undefined ? noCredentials : undefined),
  };
}

const noCredentials: Refusal = {
  kind: "unavailable",
  text: "The service has no valid key for its storage at present. Try again later.",
};

/** The headers that a PUT must send as declared. */
function declaredHeaders(object: NewObject): Record<string, string> {
  const headers: Record<string, string> = { [DECLARED_LENGTH]: String(object.size) };
  if (object.contentType !== undefined) headers[DECLARED_TYPE] = object.contentType.trim();
  return headers;
}

function extraQuery(
  options: S3BucketOptions,
  { expiry, isReserved }: NewObject,
  declared: Record<string, string>,
  mark: string,
): readonly QueryParameter[] {
  const query: QueryParameter[] = [];
  if (options.echoDeclared) {
    query.push(...Object.entries(declared));
    if (expiry !== undefined) query.push([EXPIRES_AT, String(Math.floor(expiry.getTime() / 1000))]);
    query.push([PLACE, mark]);
    if (isReserved === true) query.push([IS_RESERVED, "1"]);
  }
  if (options.addAcl) query.push(["x-amz-acl", "public-read"]);
  return query;
}
