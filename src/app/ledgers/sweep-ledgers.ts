import type { OpenDomains } from "../../admin/open-domains.ts";
import type { DomainConfig } from "../../config/config.ts";
import { type Holding, type Ledger, noLimits } from "../../ledger/ledger.ts";
import { askStores } from "../../ops/ask-stores.ts";
import { inParallel } from "../../ops/in-parallel.ts";
import { sweep } from "../../ops/sweep.ts";
import { nextRemoval } from "../../slot/upload-life.ts";
import type { Inventory } from "../../store/inventory.ts";
import { ledgerLimitsOf } from "./ledger-limits.ts";
import { lastUnseenUpload } from "./unseen-upload.ts";

/** What a sweep by hand came to. */
export interface SweptLedgers {
  readonly files: number;
  readonly bytes: number;
  /** Those that the store did not let go. */
  readonly left: number;
  /** Why, for one of them. */
  readonly reason: string | undefined;
}

interface SweepOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (files: number) => void;
  readonly now: () => Date;
}

/** One ledger, and the domains that are written down in it. */
interface SweptLedger {
  readonly ledger: Ledger;
  readonly configs: ReadonlyMap<string, DomainConfig>;
  readonly inventories: ReadonlyMap<string, Inventory>;
}

/**
 * Removes what the ledgers know to have expired, without rests; what was removed stays so when it is interrupted. The
 * stores are asked first about the slots whose PUT URLs are void, which a running slotd does all the time: an upload
 * that nobody has told the ledger of expires too.
 *
 * @param isDryRun counts only.
 */
export async function sweepLedgers(
  { domains, ledgers }: OpenDomains,
  isDryRun: boolean,
  options: SweepOptions,
): Promise<SweptLedgers> {
  const sum = { files: 0, bytes: 0, left: 0, reason: undefined as string | undefined };
  for (const ledger of ledgers) {
    const own = domains.filter((domain) => domain.ledger === ledger);
    const swept: SweptLedger = {
      ledger,
      configs: new Map(own.map(({ config }) => [config.domain, config])),
      inventories: new Map(own.map(({ config, inventory }) => [config.domain, inventory])),
    };
    const before = sum.files;
    const onProgress = (files: number) => options.onProgress(before + files);
    const { files, bytes, failed } = isDryRun
      ? { ...(await countExpired(swept, options)), failed: [] }
      : await sweepLedger(swept, { ...options, onProgress });
    sum.files += files;
    sum.bytes += bytes;
    for (const failure of failed) {
      sum.left += failure.files;
      sum.reason ??= failure.reason;
    }
  }
  return sum;
}

async function sweepLedger(swept: SweptLedger, { signal, onProgress, now }: SweepOptions) {
  const { ledger, configs, inventories } = swept;
  await askStores({
    ...{ ledger, inventories, now, signal },
    limits: (file) => {
      const config = configs.get(file.domain);
      return config === undefined ? noLimits : ledgerLimitsOf(config, file);
    },
    // Of an upload to a slotd that runs beside this: it tells the ledger itself when it is complete.
    isUnderWay: () => false,
    lastUpload: (file) => lastUnseenUpload(file, configs.get(file.domain)),
  });
  return sweep({
    ...{ ledger, inventories, signal },
    onBatch: ({ files }) => onProgress(files),
    nextRemoval: ({ reserved, domain }) =>
      nextRemoval({ reserved, expiresIn: configs.get(domain)?.expirationTime ?? 0 }, now()),
  });
}

/** Of how many slots at most a dry run asks the store whether they were used. */
const mostAsked = 10_000;
const concurrency = 8;

async function countExpired(
  { ledger, inventories }: SweptLedger,
  { now, signal }: SweepOptions,
): Promise<Holding> {
  const domains = [...inventories.keys()];
  const { files, bytes } = await ledger.expired(domains);
  const sum = { files, bytes };
  const time = now();
  const unsettled = (await ledger.toAsk(domains, mostAsked)).filter(
    ({ state, expires }) => state !== "complete" && expires !== undefined && expires <= time,
  );
  await inParallel(unsettled, concurrency, async (file) => {
    const size = signal.aborted ? undefined : await inventories.get(file.domain)?.sizeOf(file);
    if (size === undefined) return;
    sum.files += 1;
    sum.bytes += size;
  });
  return sum;
}
