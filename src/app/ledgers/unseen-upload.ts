import type { DomainConfig } from "../../config/config.ts";
import { takesUploads } from "../../config/places.ts";
import type { LedgerFile } from "../../ledger/ledger.ts";
import { longestArrival } from "../../slot/upload-life.ts";

/**
 * When the last upload to a file can end that slotd does not see; undefined: it sees every one, or the domain is not
 * served any more.
 */
export function lastUnseenUpload(
  { reserved }: Pick<LedgerFile, "reserved">,
  config: DomainConfig | undefined,
): Date | undefined {
  if (config === undefined || takesUploads(config)) return undefined;
  return new Date(reserved.getTime() + (config.expirationTime + longestArrival) * 1000);
}
