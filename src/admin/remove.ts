import type { Ledger, LedgerFile } from "../ledger/ledger.ts";
import { wasRemoved } from "../ledger/removal-attempts.ts";
import { nextRemoval } from "../slot/upload-life.ts";
import type { NotRemoved, ObjectName } from "../store/inventory.ts";
import { filesOf } from "./all-files.ts";
import type { OpenDomain, OpenDomains } from "./open-domains.ts";

/**
 * Files are removed in batches of this many: what an interruption leaves is at most one batch, which the sweep ends.
 */
const batchSize = 500;

/** What a removal came to. */
export interface Removed {
  readonly files: number;
  readonly bytes: number;
  /** Those that the store did not let go; their deletion is pending, and the sweep tries again. */
  readonly notRemoved: readonly NotRemoved[];
  readonly isWhole: boolean;
}

export interface RemoveOptions {
  readonly now: () => Date;
  /** Stops between two batches. */
  readonly signal: AbortSignal;
  /** Called after each batch with the files removed so far. */
  readonly onProgress: (files: number) => void;
}

/** An object by its token, and what is known of it. */
export type Found =
  | { readonly openDomain: OpenDomain; readonly file: LedgerFile; readonly ledger: Ledger }
  /** The ledger does not know it; the store has it under this name. */
  | { readonly openDomain: OpenDomain; readonly file: undefined; readonly object: ObjectName };

/**
 * Finds the file of a token in the ledgers, or else in the stores. One that was deleted before, and is only still in
 * the ledger, is none.
 *
 * @param filename needed to find in a bucket what no ledger knows.
 */
export async function findFile(
  { domains, ledgers }: OpenDomains,
  token: string,
  filename: string | undefined,
): Promise<Found | undefined> {
  for (const ledger of ledgers) {
    const file = await ledger.find(token);
    if (file === undefined) continue;
    const openDomain = domains.find((each) => each.ledger === ledger && each.config.domain === file.domain);
    // The files of a domain that is served no more lie where those of another one of its ledger do.
    const near = openDomain ?? domains.find((each) => each.ledger === ledger);
    if (near === undefined) continue;
    if (wasDeleted(file) && (await near.inventory.sizeOf(file)) === undefined) return undefined;
    return { openDomain: near, file, ledger };
  }
  const object = { token, filename: filename ?? "" };
  for (const openDomain of domains) {
    if ((await openDomain.inventory.sizeOf(object)) !== undefined)
      return { openDomain, file: undefined, object };
  }
  return undefined;
}

/**
 * Removes one file: first from what counts and is served, then from the store, then, when nothing can bring it any
 * more, from the ledger, so that a crash in between or an upload under way leaves nothing that the sweep does not end.
 */
export async function removeFile(found: Found, now: () => Date): Promise<readonly NotRemoved[]> {
  const { openDomain } = found;
  if (found.file === undefined) return openDomain.inventory.remove([found.object]);
  return removeBatch(found.ledger, openDomain, [found.file], now);
}

/** Removes every file of a bare JID, in all ledgers. Those whose deletion is pending are removed too. */
export async function removeFilesOf(
  { domains, ledgers }: OpenDomains,
  jid: string,
  { signal, onProgress, now }: RemoveOptions,
): Promise<Removed> {
  const removed = { files: 0, bytes: 0 };
  const notRemoved: NotRemoved[] = [];
  for (const ledger of ledgers) {
    const ofLedger = domains.filter((each) => each.ledger === ledger);
    const openDomainOf = (file: LedgerFile): OpenDomain | undefined =>
      ofLedger.find(({ config }) => config.domain === file.domain) ?? ofLedger[0];
    for await (const batch of batchesOf(filesOf(ledger, { jid }))) {
      if (signal.aborted) return { ...removed, notRemoved, isWhole: false };
      for (const [openDomain, files] of Map.groupBy(batch, openDomainOf)) {
        if (openDomain === undefined) continue;
        const failed = await removeBatch(ledger, openDomain, files, now);
        const failedTokens = new Set(failed.map(({ token }) => token));
        const gone = files.filter((file) => !failedTokens.has(file.token) && !wasDeleted(file));
        removed.files += gone.length;
        removed.bytes += gone.reduce((sum, { size }) => sum + size, 0);
        notRemoved.push(...failed);
      }
      onProgress(removed.files);
    }
  }
  return { ...removed, notRemoved, isWhole: true };
}

async function removeBatch(
  ledger: Ledger,
  { inventory, config: { expirationTime } }: OpenDomain,
  files: readonly LedgerFile[],
  now: () => Date,
): Promise<readonly NotRemoved[]> {
  await ledger.markForDeletion(files.map(({ token }) => token));
  const failed = await inventory.remove(files);
  const failedTokens = new Set(failed.map(({ token }) => token));
  const gone = files.filter(({ token }) => !failedTokens.has(token));
  const next = gone.map(
    (file) => [file, nextRemoval({ ...file, expiresIn: expirationTime }, now())] as const,
  );
  await ledger.forget(next.flatMap(([{ token }, at]) => (at === undefined ? [token] : [])));
  // Its PUT URL, or an upload under way, may still bring it: then the sweep removes it again.
  await Promise.all(
    next.map(([{ token }, at]) => (at === undefined ? undefined : ledger.postpone(token, at))),
  );
  return failed;
}

/** A file that was deleted before, and is only still in the ledger. */
function wasDeleted(file: LedgerFile): boolean {
  return file.state === "pending-deletion" && wasRemoved(file);
}

async function* batchesOf(files: AsyncIterable<LedgerFile>): AsyncGenerator<LedgerFile[]> {
  let batch: LedgerFile[] = [];
  for await (const file of files) {
    batch.push(file);
    if (batch.length < batchSize) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
