import type { Premises } from "../admin/premises.ts";
import { sweep } from "../ops/sweep.ts";
import type { UnseenUploads } from "../ops/unseen-uploads.ts";
import { lastUploadOf } from "./last-upload.ts";
import { present } from "./present.ts";

/** What a sweep by hand came to. */
export interface SweptLedgers {
  readonly files: number;
  readonly bytes: number;
  /** Those that the store did not let go. */
  readonly left: number;
  /** Why, for one of them. */
  readonly reason: string | undefined;
}

/**
 * Removes what the ledgers know to have expired, without rests; what was removed stays so when it is interrupted.
 *
 * @param isDryRun counts only.
 */
export async function sweepLedgers(
  { domains, ledgers }: Premises,
  isDryRun: boolean,
  options: {
    readonly now: () => Date;
    readonly signal: AbortSignal;
    readonly onProgress: (files: number) => void;
  },
): Promise<SweptLedgers> {
  const sum = { files: 0, bytes: 0, left: 0, reason: undefined as string | undefined };
  for (const ledger of ledgers) {
    const own = domains.filter((domain) => domain.ledger === ledger);
    const inventories = new Map(own.map(({ config, inventory }) => [config.domain, inventory]));
    if (isDryRun) {
      const { files, bytes } = await ledger.expired([...inventories.keys()]);
      sum.files += files;
      sum.bytes += bytes;
      continue;
    }
    const before = sum.files;
    const onBatch = ({ files }: { readonly files: number }) => options.onProgress(before + files);
    const configs = new Map(own.map(({ config }) => [config.domain, config]));
    const unseen: UnseenUploads = {
      now: options.now,
      last: (file) => lastUploadOf(present(configs.get(file.domain)), file),
    };
    const { signal } = options;
    const { files, bytes, failed } = await sweep({ ledger, inventories, unseen, signal, onBatch });
    sum.files += files;
    sum.bytes += bytes;
    for (const failure of failed) {
      sum.left += failure.files;
      sum.reason ??= failure.reason;
    }
  }
  return sum;
}
