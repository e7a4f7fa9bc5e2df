import type { DomainConfig, HttpListen, S3Config } from "../config/config.ts";
import { takesUploads } from "../config/places.ts";
import type { HttpBucket } from "../http/http-bucket.ts";
import type { PrivateBucket } from "../http/redirect.ts";
import type { UploadWitness } from "../http/upload-witness.ts";
import type { Refusal } from "../slot/refusal.ts";
import type { SlotDeps } from "../slots.ts";
import type { Bucket } from "../store/bucket.ts";
import type { CredentialSource } from "../store/credentials.ts";
import type { SigningKeys } from "../store/signing-keys.ts";
import type { Watched } from "../store/watched.ts";
import { type DataFolder, diskBucket, diskBuckets } from "./disk-buckets.ts";
import { present } from "./present.ts";
import { type S3Domain, s3DomainBucket, s3HttpBuckets } from "./s3-buckets.ts";

/** What a listener serves. */
export interface Served {
  readonly buckets: readonly HttpBucket[];
  readonly privateBuckets: readonly PrivateBucket[];
}

/** What is open for the domains. */
export interface Opened {
  keysOf(domain: DomainConfig): Watched<SigningKeys> | undefined;
  credentialsOf(domain: DomainConfig): CredentialSource | undefined;
  folderOf(path: string): DataFolder;
  /** Why the store that these domains share cannot be used at present. */
  unavailableFor(domains: readonly DomainConfig[]): Refusal | undefined;
  /** Who wants to know of uploads for these domains. */
  witnessOf(domains: readonly DomainConfig[]): UploadWitness | undefined;
}

/** What a listener serves for its domains. */
export function servedOn(
  domains: readonly DomainConfig[],
  { keysOf, credentialsOf, folderOf, unavailableFor, witnessOf }: Opened,
  deps: Pick<SlotDeps, "now">,
): Served {
  const onDisk = domains.filter(({ backend }) => backend === "disk");
  const s3 = s3HttpBuckets(
    domains.flatMap((domain) => s3Domains(domain, keysOf(domain), credentialsOf(domain))),
    { ...deps, unavailableFor, witnessOf },
  );
  return { ...s3, buckets: [...diskBuckets(onDisk, { folderOf, unavailableFor, witnessOf }), ...s3.buckets] };
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

/** What tells the credentials of one bucket from those of another; secret. */
export function credentialsKey(s3: S3Config | undefined): string {
  return JSON.stringify(s3?.credentials);
}
