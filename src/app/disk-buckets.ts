import { mkdir } from "node:fs/promises";
import type { DomainConfig, ListenAddress } from "../config/config.ts";
import type { HttpBucket } from "../http/http-bucket.ts";
import type { Bytes } from "../slot/slot.ts";
import type { Bucket } from "../store/bucket.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { s3Bucket } from "../store/s3-bucket.ts";
import { openSigningKeys, type SigningKeys } from "../store/signing-keys.ts";
import { groupBy } from "./group-by.ts";

/** The region in the credential scope of slotd's own bucket; S3 clients take this one where nothing else is said. */
const DISK_REGION = "us-east-1";

/** A data folder: its store stays open as long as slotd uses it; the keys are read anew at each reload. */
export interface DataFolder {
  readonly store: ObjectStore;
  readonly keys: SigningKeys;
}

/** Reads the signing keys of a data folder, and makes both when they are not there. */
export async function signingKeysIn(
  path: string,
  randomBytes: (length: number) => Uint8Array,
): Promise<SigningKeys> {
  await mkdir(path, { recursive: true, mode: 0o750 });
  return openSigningKeys(path, randomBytes);
}

/** The buckets of one HTTP listener: one for each data folder; the domains that share a folder share its keys. */
export function diskBuckets(
  domains: readonly DomainConfig[],
  folderOf: (path: string) => DataFolder,
): HttpBucket[] {
  return [...groupBy(domains, (domain) => domain.disk.path)].map(([path, sharing]) => {
    const { store, keys } = folderOf(path);
    const maxFileSize = largest(sharing.flatMap(sizesAllowed));
    return {
      publicUrls: [...new Set(sharing.map((domain) => domain.http.publicUrl))],
      store,
      credentials: (id: string) => keys.find((key) => key.accessKeyId === id)?.secretAccessKey,
      region: DISK_REGION,
      maxFileSize: () => maxFileSize,
    };
  });
}

/** The bucket that a domain on disk makes its slots for. `listening`: where the HTTP server is, for a free port. */
export function diskBucket(
  { http }: DomainConfig,
  keys: SigningKeys,
  listening: ListenAddress | undefined,
): Bucket {
  const bucketUrl = http.publicUrl.replace(/:0$/, `:${listening?.port ?? 0}`);
  return s3Bucket({ bucketUrl, region: DISK_REGION, ...keys[0], addAcl: false, echoDeclared: true });
}

/** The limits of the purposes that are on: the HTTP server is not told what an upload is for. */
function sizesAllowed({ purposes }: DomainConfig): (Bytes | undefined)[] {
  return Object.values(purposes).flatMap(({ isOn, maxFileSize }) => (isOn ? [maxFileSize] : []));
}

function largest(limits: readonly (Bytes | undefined)[]): Bytes | undefined {
  return limits.reduce<Bytes | undefined>(
    (most, limit) => (most === undefined || limit === undefined ? undefined : Math.max(most, limit)),
    0,
  );
}
