import type { Ledger, LedgerFile } from "../ledger/ledger.ts";
import type { Inventory, NotRemoved, ObjectName } from "../store/inventory.ts";
import { allFiles } from "./all-files.ts";
import type { Premise, Premises } from "./premises.ts";

/** Files are removed in batches of this many: what an interruption leaves is at most one batch, which the sweep ends. */
const batchSize = 500;

/** What a removal came to. */
export interface Removed {
  readonly files: number;
  readonly bytes: number;
  /** Those that the store did not let go; they are doomed, and the sweep tries again. */
  readonly notRemoved: readonly NotRemoved[];
  readonly isWhole: boolean;
}

export interface RemoveOptions {
  /** Stops between two batches. */
  readonly signal: AbortSignal;
  /** Called after each batch with the files removed so far. */
  readonly onProgress: (files: number) => void;
}

/** An object by its token, and what is known of it. */
export type Found =
  | { readonly premise: Premise; readonly file: LedgerFile; readonly ledger: Ledger }
  /** The ledger does not know it; the store has it under this name. */
  | { readonly premise: Premise; readonly file: undefined; readonly object: ObjectName };

/**
 * Finds the file of a token in the ledgers, or else in the stores.
 *
 * @param filename needed to find in a bucket what no ledger knows.
 */
export async function findFile(
  { domains, ledgers }: Premises,
  token: string,
  filename: string | undefined,
): Promise<Found | undefined> {
  for (const ledger of ledgers) {
    const file = await ledger.find(token);
    if (file === undefined) continue;
    const premise = domains.find((each) => each.ledger === ledger && each.config.domain === file.domain);
    // The files of a domain that is served no more lie where those of another one of its ledger do.
    const near = premise ?? domains.find((each) => each.ledger === ledger);
    if (near !== undefined) return { premise: near, file, ledger };
  }
  const object = { token, filename: filename ?? "" };
  for (const premise of domains) {
    if ((await premise.inventory.sizeOf(object)) !== undefined) return { premise, file: undefined, object };
  }
  return undefined;
}

/**
 * Removes one file: first from what counts and is served, then from the store, then from the ledger, so that a
 * crash in between leaves nothing that the sweep does not end.
 */
export async function removeFile(found: Found): Promise<readonly NotRemoved[]> {
  const { premise } = found;
  if (found.file === undefined) return premise.inventory.remove([found.object]);
  return removeBatch(found.ledger, premise.inventory, [found.file]);
}

/** Removes every file of a bare JID, in all ledgers. Those that are doomed already are removed too. */
export async function removeFilesOf(
  { domains, ledgers }: Premises,
  jid: string,
  { signal, onProgress }: RemoveOptions,
): Promise<Removed> {
  const removed = { files: 0, bytes: 0 };
  const notRemoved: NotRemoved[] = [];
  for (const ledger of ledgers) {
    const inventoryOf = (file: LedgerFile): Inventory | undefined => {
      const ofLedger = domains.filter((each) => each.ledger === ledger);
      return (ofLedger.find(({ config }) => config.domain === file.domain) ?? ofLedger[0])?.inventory;
    };
    for await (const batch of batchesOf(allFiles(ledger, { jid }))) {
      if (signal.aborted) return { ...removed, notRemoved, isWhole: false };
      for (const [inventory, files] of Map.groupBy(batch, inventoryOf)) {
        if (inventory === undefined) continue;
        const failed = await removeBatch(ledger, inventory, files);
        const failedTokens = new Set(failed.map(({ token }) => token));
        const gone = files.filter(({ token }) => !failedTokens.has(token));
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
  inventory: Inventory,
  files: readonly LedgerFile[],
): Promise<readonly NotRemoved[]> {
  await ledger.doom(files.map(({ token }) => token));
  const failed = await inventory.remove(files);
  const failedTokens = new Set(failed.map(({ token }) => token));
  const gone = files.filter((file) => !failedTokens.has(file.token) && !mayStillCome(file));
  await ledger.forget(gone.map(({ token }) => token));
  return failed;
}

/**
 * A slot that was given may be used yet, and where clients PUT straight to a bucket a complete file may be replaced:
 * such a file stays doomed, so that the sweep removes what comes.
 */
function mayStillCome({ state, askAt }: LedgerFile): boolean {
  return state === "reserved" || state === "lapsed" || askAt !== undefined;
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
