import type { LedgerFile } from "../ledger/ledger.ts";

/** An upload that began while its PUT URL was valid may take this long; milliseconds. */
export const longestUpload = 24 * 3_600_000;

/** Uploads that do not come to slotd: clients PUT straight to the store, which tells nobody. */
export interface UnseenUploads {
  readonly now: () => Date;
  /** When the last upload to a file can end; undefined: slotd sees every upload to it. */
  readonly last: (file: LedgerFile) => Date | undefined;
}
