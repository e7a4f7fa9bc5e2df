import type { DomainConfig } from "../../config/config.ts";
import { takesUploads } from "../../config/places.ts";
import type { HttpListen } from "../../config/values.ts";
import type { AddressedFiles } from "../../http/addressed/addresses.ts";
import type { PrivateBucket } from "../../http/download/redirect.ts";
import type { HttpBucket } from "../../http/http-bucket.ts";
import type { UploadBucket } from "../../http/http-receiver.ts";
import type { Bucket } from "../../store/bucket.ts";
import type { CredentialSource } from "../../store/credentials.ts";
import type { SigningKeys } from "../../store/keys/signing-keys.ts";
import type { Watched } from "../../store/keys/watched.ts";
import { s3Sink } from "../../store/s3/s3-sink.ts";
import { addressedFiles, type LookupDeps } from "./addressed-files.ts";
import { diskBucket, diskBuckets } from "./disk-buckets.ts";
import type { Opened } from "./opened.ts";
import { present } from "./present.ts";
import { type S3Domain, s3DomainBucket, s3HttpBuckets } from "./s3-buckets.ts";

/** What a listener serves. */
export interface Served {
  readonly buckets: readonly HttpBucket[];
  readonly privateBuckets: readonly PrivateBucket[];
  readonly addressed: readonly AddressedFiles[];
}

/** Where the files of a domain go that slotd takes itself, whatever URL leads to it. */
export function uploadBucketOf(
  domain: DomainConfig,
  { credentialsOf, folderOf, unavailableFor, observerOf }: Opened,
  deps: Pick<LookupDeps, "now">,
): Omit<UploadBucket, "publicUrls"> {
  const store =
    domain.s3 === undefined
      ? folderOf(domain.disk.path).store
      : s3Sink({ ...domain.s3, credentials: present(credentialsOf(domain)) }, deps);
  return { store, observer: observerOf([domain]), unavailable: () => unavailableFor([domain]) };
}

/** What a listener serves for its domains. */
export function servedOn(
  domains: readonly DomainConfig[],
  { keysOf, credentialsOf, folderOf, unavailableFor, spentOf, observerOf }: Opened,
  deps: LookupDeps,
): Served {
  const onDisk = domains.filter(({ backend }) => backend === "disk");
  const s3 = s3HttpBuckets(
    domains.flatMap((domain) => s3Domains(domain, keysOf(domain), credentialsOf(domain))),
    { ...deps, unavailableFor, observerOf },
  );
  return {
    ...s3,
    addressed: addressedFiles(domains, { credentialsOf, folderOf, unavailableFor, spentOf }, deps),
    buckets: [...diskBuckets(onDisk, { folderOf, unavailableFor, observerOf }), ...s3.buckets],
  };
}

function s3Domains(
  config: DomainConfig,
  keys: Watched<SigningKeys> | undefined,
  credentials: CredentialSource | undefined,
): S3Domain[] {
  const { s3 } = config;
  if (s3 === undefined) return [];
  return [
    {
      config: { ...config, s3 },
      credentials: present(credentials),
      keys: takesUploads(config) ? present(keys) : undefined,
    },
  ];
}

/** The bucket that a domain makes its slots for. `listening`: where the HTTP server is, for a free port. */
export function bucketOf(
  config: DomainConfig,
  keys: Watched<SigningKeys> | undefined,
  credentials: CredentialSource | undefined,
  listening: HttpListen | undefined,
): Bucket {
  const [onS3] = s3Domains(config, keys, credentials);
  return onS3 ? s3DomainBucket(onS3, listening) : diskBucket(config, present(keys), listening);
}
