import type { OpenDomains } from "../../admin/open-domains.ts";
import { sweep } from "../../ops/sweep.ts";
import { nextRemoval } from "../../slot/upload-life.ts";

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
  { domains, ledgers }: OpenDomains,
  isDryRun: boolean,
  options: {
    readonly signal: AbortSignal;
    readonly onProgress: (files: number) => void;
    readonly now: () => Date;
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
    const expiresIn = new Map(own.map(({ config }) => [config.domain, config.expirationTime]));
    const { files, bytes, failed } = await sweep({
      ...{ ledger, inventories, signal: options.signal, onBatch },
      nextRemoval: ({ reserved, domain }) =>
        nextRemoval({ reserved, expiresIn: expiresIn.get(domain) ?? 0 }, options.now()),
    });
    sum.files += files;
    sum.bytes += bytes;
    for (const failure of failed) {
      sum.left += failure.files;
      sum.reason ??= failure.reason;
    }
  }
  return sum;
}
