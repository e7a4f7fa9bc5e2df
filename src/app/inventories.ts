import type { DomainConfig } from "../config/config.ts";
import { type CredentialSource, CredentialsError } from "../store/credentials.ts";
import { diskInventory } from "../store/disk-inventory.ts";
import type { Inventory } from "../store/inventory.ts";
import { s3Client } from "../store/s3-client.ts";
import { s3Inventory } from "../store/s3-inventory.ts";

/** The inventory of what a served domain stores. `credentials`: of its bucket, with S3. */
export function inventoryOf(
  { s3, disk }: DomainConfig,
  credentials: CredentialSource | undefined,
  { now }: { readonly now: () => Date },
): Inventory {
  if (s3 === undefined) return diskInventory(disk.path);
  const { bucketUrl, region } = s3;
  const inForce = () => {
    const current = credentials?.current(now());
    if (current === undefined) throw new CredentialsError();
    return current;
  };
  return s3Inventory(s3Client({ bucketUrl, region, credentials: inForce, now }));
}
