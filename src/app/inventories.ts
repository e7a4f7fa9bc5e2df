import type { OpenedStore } from "../admin/premises.ts";
import type { DomainConfig } from "../config/config.ts";
import { type CredentialSource, CredentialsError } from "../store/credentials.ts";
import { diskIdentity } from "../store/disk-identity.ts";
import { diskInventory } from "../store/disk-inventory.ts";
import { s3Client } from "../store/s3-client.ts";
import { s3Identity } from "../store/s3-identity.ts";
import { s3Inventory } from "../store/s3-inventory.ts";

export interface StoreDeps {
  readonly now: () => Date;
  readonly randomBytes: (length: number) => Uint8Array;
}

/** What a served domain stores, and where that is told from other stores. `credentials`: of its bucket, with S3. */
export function openStoreOf(
  { s3, disk }: DomainConfig,
  credentials: CredentialSource | undefined,
  { now, randomBytes }: StoreDeps,
): OpenedStore {
  if (s3 === undefined) {
    return { inventory: diskInventory(disk.path), identity: diskIdentity(disk.path, { randomBytes }) };
  }
  const { bucketUrl, region } = s3;
  const inForce = () => {
    const current = credentials?.current(now());
    if (current === undefined) throw new CredentialsError();
    return current;
  };
  const client = s3Client({ bucketUrl, region, credentials: inForce, now });
  return { inventory: s3Inventory(client), identity: s3Identity(client, { now }) };
}
