import { randomBytes } from "node:crypto";
import { realpath, stat } from "node:fs/promises";
import { sep } from "node:path";
import type { Config, DomainConfig } from "../config/config.ts";
import { credentialsOf } from "../config/credentials.ts";
import { type ImportTarget, type KnownDeletions, largestPut } from "../import/import-target.ts";
import type { PlanSettings } from "../import/plan-file.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Logger } from "../ops/log.ts";
import { MAX_FILE_SIZE } from "../slot/slot.ts";
import { diskInventory } from "../store/disk/disk-inventory.ts";
import { openDiskStore } from "../store/disk/disk-store.ts";
import { filesOwnedBy } from "../store/disk/owned-files.ts";
import { syncFileSystem } from "../store/disk/sync-file-system.ts";
import { s3Client } from "../store/s3/s3-client.ts";
import { s3Inventory } from "../store/s3/s3-inventory.ts";
import { s3Sink } from "../store/s3/s3-sink.ts";
import { openCredentials } from "./buckets/s3-buckets.ts";
import { openForCommand } from "./open-for-command.ts";
import { spentIn, spentInLedger } from "./stores/spent-addresses.ts";

const deps = { now: () => new Date(), randomBytes };

/** The source or the store of an import cannot be used. */
export class ImportRefusedError extends Error {
  readonly code = "import-refused";
  constructor(message: string) {
    super(message);
    this.name = "ImportRefusedError";
  }
}

/** What an import into one served domain needs, open beside a slotd that may be running. */
export interface OpenImport {
  readonly target: ImportTarget;
  readonly ledger: Ledger | undefined;
  readonly spent: KnownDeletions | undefined;
  /** Limits by the domain's options. */
  readonly limits: Pick<PlanSettings, "maxFileSize">;
  close(): Promise<void>;
}

/**
 * Opens the store and the ledger of a served domain for an import from `folder`. Where root runs it, files on disk get
 * the owner of `disk.path`.
 *
 * @throws {ImportRefusedError} when folder and store lie in each other, or the store was never used.
 * @throws {NoLedgerError} {OtherStoreError} as the other commands do.
 */
export async function openImport(
  config: Config,
  domain: DomainConfig,
  folder: string,
  log: Logger,
): Promise<OpenImport> {
  const { s3, disk, purpose } = domain;
  if (s3 === undefined) await refuseNested(folder, disk.path);
  const openDomains = await openForCommand(config, log);
  try {
    const own = openDomains.domains.find((each) => each.config.domain === domain.domain);
    if (own === undefined) throw new Error("the domain is not of this configuration");
    await openDomains.requireStores(own);
    const store = s3 === undefined ? await diskTarget(config, domain) : await s3Target(s3, log);
    const limits = [purpose.message.maxFileSize, store.target.maxObjectSize, MAX_FILE_SIZE];
    return {
      target: store.target,
      ledger: own.ledger,
      spent: store.spent ?? (own.ledger && spentInLedger(own.ledger)),
      limits: { maxFileSize: Math.min(...limits.filter((limit) => limit !== undefined)) },
      close: () => openDomains.close().finally(store.stop),
    };
  } catch (error) {
    await openDomains.close();
    throw error;
  }
}

interface OpenTarget {
  readonly target: ImportTarget;
  /** Where the store itself remembers deleted files; undefined: only a ledger does. */
  readonly spent: KnownDeletions | undefined;
  readonly stop: () => void | Promise<void>;
}

async function diskTarget(
  { disk: { reserve, fsync } }: Config,
  { disk: { path } }: DomainConfig,
): Promise<OpenTarget> {
  const { uid, gid } = await stat(path);
  const isForOthers = process.getuid?.() === 0 && uid !== 0;
  const owned = isForOthers ? { files: filesOwnedBy({ uid, gid }) } : {};
  const syncsAll = fsync && (await canSync(path));
  const store = await openDiskStore(path, { ...deps, ...owned }, { reserve, fsync: fsync && !syncsAll });
  const inventory = diskInventory(path);
  const target: ImportTarget = {
    ...{ sink: store, finder: inventory, inventory },
    flush: syncsAll ? () => syncFileSystem(path) : undefined,
    open: (token) => store.open(token),
    maxObjectSize: undefined,
  };
  const spent = spentIn(path);
  return { target, spent, stop: () => spent.close() };
}

/** Whether many files can be synced at once; else each is, as an upload. */
async function canSync(path: string): Promise<boolean> {
  return syncFileSystem(path).then(
    () => true,
    () => false,
  );
}

async function s3Target(s3: NonNullable<DomainConfig["s3"]>, log: Logger): Promise<OpenTarget> {
  const { bucketUrl, region, addAcl } = s3;
  const credentials = await openCredentials(credentialsOf(s3), log);
  const current = () => {
    const valid = credentials.current(deps.now());
    if (valid === undefined) throw new ImportRefusedError("There are no valid S3 keys at present.");
    return valid;
  };
  const inventory = s3Inventory(s3Client({ bucketUrl, region, credentials: current, now: deps.now }));
  const target: ImportTarget = {
    sink: s3Sink({ bucketUrl, region, credentials, addAcl }, deps),
    ...{ finder: inventory, inventory, open: undefined, maxObjectSize: largestPut },
  };
  return { target, spent: undefined, stop: () => credentials.stop() };
}

/** @throws {ImportRefusedError} for a source in the store, or the reverse; and where there is no store yet. */
async function refuseNested(folder: string, path: string): Promise<void> {
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined) {
    throw new ImportRefusedError(
      `There is no folder ${path} (disk.path) yet. Start slotd once, as the user that runs it: it makes its folder and ledger. If it is on a volume, mount the volume.`,
    );
  }
  const source = await realpath(folder).catch(() => folder);
  const isIn = (inner: string, outer: string) => `${inner}${sep}`.startsWith(`${outer}${sep}`);
  if (isIn(source, real) || isIn(real, source)) {
    throw new ImportRefusedError(
      `${folder} and disk.path (${path}) lie in each other; expected two separate folders. Give slotd a disk.path of its own.`,
    );
  }
}
