import type { DomainConfig, S3Config } from "../../config/config.ts";
import { credentialsOf, type S3Credentials } from "../../config/credentials.ts";
import type { HttpListen } from "../../config/values.ts";
import type { PrivateBucket } from "../../http/download/redirect.ts";
import type { HttpBucket } from "../../http/http-bucket.ts";
import type { Logger } from "../../ops/log.ts";
import type { SlotDeps } from "../../slots.ts";
import type { Bucket } from "../../store/bucket.ts";
import type { CredentialSource, OpenCredentials, TimedCredentials } from "../../store/credentials.ts";
import { openAwsCredentials } from "../../store/keys/aws-credentials.ts";
import { openCredentialParts, openCredentialsFile } from "../../store/keys/file-credentials.ts";
import type { SigningKeys } from "../../store/keys/signing-keys.ts";
import type { Watched } from "../../store/keys/watched.ts";
import { s3Bucket } from "../../store/s3/s3-bucket.ts";
import { s3Signer } from "../../store/s3/s3-signer.ts";
import { s3Sink } from "../../store/s3/s3-sink.ts";
import { groupBy } from "../group-by.ts";
import { DISK_REGION, diskBucket, largestAllowed, ownUrl } from "./disk-buckets.ts";
import type { Opened } from "./opened.ts";

/** A served domain whose files are in a bucket. */
export interface S3Domain {
  readonly config: DomainConfig & { readonly s3: S3Config };
  readonly credentials: CredentialSource;
  /** Of slotd's own PUT URLs; present where uploads go through slotd. */
  readonly keys: Watched<SigningKeys> | undefined;
}

/**
 * Opens the source of a bucket's credentials. Later failures go to the log, where a key is told by its id.
 *
 * @throws when they are to come from a file that cannot be used.
 */
export function openCredentials(credentials: S3Credentials, log: Logger): Promise<OpenCredentials> {
  const onProblem = (error: unknown) => {
    const text = error instanceof Error ? error.message : String(error);
    log.warn(
      { credentials: credentials.kind },
      `slotd cannot get new S3 keys; the previous keys stay active. ${text}`,
    );
  };
  const onChange = ({ accessKeyId, expiration }: TimedCredentials) => {
    log.info({ key: accessKeyId, expiration }, "The new S3 keys are active.");
  };
  switch (credentials.kind) {
    case "static":
      return openCredentialParts(credentials, { onProblem, onChange });
    case "file":
      return openCredentialsFile(credentials.path, { onProblem, onChange });
    case "aws":
      return openAwsCredentials({ onProblem, onChange, now: () => new Date() });
  }
}

/** The bucket that a domain on S3 makes its slots for. `listening`: where the HTTP server is, for a free port. */
export function s3DomainBucket(
  { config, credentials, keys }: S3Domain,
  listening: HttpListen | undefined,
): Bucket {
  const { s3 } = config;
  const publicUrl = s3.access === "private" ? ownUrl(config, listening) : s3.publicUrl;
  const bucket = s3Bucket({ ...s3, credentials, publicUrl });
  if (keys === undefined) return bucket;
  // What cannot be sent on must not be taken: without S3 keys there are no slots either.
  return {
    ...diskBucket(config, keys, listening, publicUrl),
    unavailable: (now) => bucket.unavailable?.(now),
  };
}

/** What one HTTP listener does for the domains on S3 that use it. */
export function s3HttpBuckets(
  domains: readonly S3Domain[],
  { now, unavailableFor, observerOf }: Pick<SlotDeps, "now"> & Pick<Opened, "unavailableFor" | "observerOf">,
): { readonly buckets: HttpBucket[]; readonly privateBuckets: PrivateBucket[] } {
  const proxied = groupBy(domains.filter(takesUploadsOf), bucketKey);
  const hidden = groupBy(
    domains.filter(({ config }) => config.s3.access === "private"),
    (domain) => `${bucketKey(domain)} ${domain.config.s3.getExpirationTime}`,
  );
  return {
    buckets: [...proxied.values()].map((sharing) => {
      const [{ config, credentials }] = sharing;
      const { bucketUrl, region, addAcl } = config.s3;
      const configs = sharing.map((domain) => domain.config);
      const maxFileSize = largestAllowed(configs);
      return {
        publicUrls: publicUrlsOf(sharing),
        store: s3Sink({ bucketUrl, region, credentials, addAcl }, { now }),
        keys: [...new Set(sharing.flatMap(({ keys }) => keys ?? []))],
        region: DISK_REGION,
        maxFileSize: () => maxFileSize,
        observer: observerOf(configs),
        unavailable: () => unavailableFor(configs),
      };
    }),
    privateBuckets: [...hidden.values()].map((sharing) => {
      const [{ config, credentials }] = sharing;
      const { bucketUrl, region, getExpirationTime } = config.s3;
      return {
        publicUrls: publicUrlsOf(sharing),
        signer: s3Signer({ bucketUrl, region, credentials, expiresIn: getExpirationTime }),
      };
    }),
  };
}

function takesUploadsOf({ keys }: S3Domain): boolean {
  return keys !== undefined;
}

function bucketKey({ config: { s3 } }: S3Domain): string {
  return JSON.stringify([s3.bucketUrl, s3.region, credentialsOf(s3), s3.addAcl]);
}

function publicUrlsOf(domains: readonly S3Domain[]): string[] {
  return [...new Set(domains.map(({ config }) => config.http.publicUrl))];
}
