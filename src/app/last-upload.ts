import type { DomainConfig } from "../config/config.ts";
import { takesUploads } from "../config/places.ts";
import type { LedgerFile } from "../ledger/ledger.ts";
import { longestUpload } from "../ops/unseen-uploads.ts";

/**
 * When the last upload to a file can end that slotd does not see: where clients PUT straight to the bucket, a day
 * after its PUT URL has expired. undefined: every upload comes to slotd.
 */
export function lastUploadOf(
  config: Pick<DomainConfig, "s3" | "expirationTime">,
  { reserved }: Pick<LedgerFile, "reserved">,
): Date | undefined {
  if (takesUploads(config)) return undefined;
  return new Date(reserved.getTime() + config.expirationTime * 1000 + longestUpload);
}
