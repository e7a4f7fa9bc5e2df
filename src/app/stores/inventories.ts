import type { OpenedStore } from "../../admin/open-domains.ts";
import type { DomainConfig } from "../../config/config.ts";
import { type CredentialSource, CredentialsError } from "../../store/credentials.ts";
import { diskIdentity } from "../../store/disk/disk-identity.ts";
import { diskInventory } from "../../store/disk/disk-inventory.ts";
import type { Inventory } from "../../store/inventory.ts";
import { s3Client } from "../../store/s3/s3-client.ts";
import { s3Identity } from "../../store/s3/s3-identity.ts";
import { s3Inventory } from "../../store/s3/s3-inventory.ts";
import { rememberingInventory, type SpentAddresses } from "../../store/spent-addresses.ts";

export interface StoreDeps {
  /** Where it is remembered which files were deleted; undefined: nowhere. */
  readonly spent: SpentAddresses | undefined;
  readonly now: () => Date;
  readonly randomBytes: (length: number) => Uint8Array;
}

/** What a served domain stores, and where that is told from other stores. `credentials`: of its bucket, with S3. */
export function openStoreOf(
  { s3, disk }: DomainConfig,
  credentials: CredentialSource | undefined,
  { now, randomBytes, spent }: StoreDeps,
): OpenedStore {
  const remembering = (inventory: Inventory) =>
    spent === undefined ? inventory : rememberingInventory(inventory, spent);
  if (s3 === undefined) {
    const inventory = remembering(diskInventory(disk.path));
    return { inventory, identity: diskIdentity(disk.path, { randomBytes }) };
  }
  const { bucketUrl, region } = s3;
  const inForce = () => {
    const current = credentials?.current(now());
    if (current === undefined) throw new CredentialsError();
    return current;
  };
  const client = s3Client({ bucketUrl, region, credentials: inForce, now });
  return { inventory: remembering(s3Inventory(client)), identity: s3Identity(client, { now }) };
}
