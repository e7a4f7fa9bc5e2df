import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { type FileLock, LockedError, NoLocksError, type TakeLock } from "../../lock/file-lock.ts";
import type { Logger } from "../../ops/log.ts";
import type { Stoppable } from "../part.ts";

/** How long a start waits for another slotd to give a folder up, which it does as soon as it is told to stop; ms. */
const patience = 5_000;

/** The right to serve a data folder. */
export interface FolderLock extends Stoppable {
  /** Whether the right is for the folder that is now at its path; it is taken there too, if it can be had. */
  follow(): Promise<boolean>;
}

/** Another slotd serves the folder. */
export class FolderInUseError extends Error {
  readonly code = "folder-in-use";
  constructor(folder: string, lock: string, cause: unknown) {
    super(
      `Another slotd uses ${folder}: it has the lock on ${lock}, and did not release it within ${patience / 1000} s. ` +
        `Two slotd processes cannot share a folder. Stop the other one ("lslocks" prints its process), or set a different disk.path for this one.`,
      { cause },
    );
    this.name = "FolderInUseError";
  }
}

/** The folder to which a path leads, which is made when it is missing. */
export async function lockedFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o750 });
  return realpath(path);
}

/**
 * Takes the lock of a data folder. Whoever has it may serve the folder; commands need none. Where the file system has
 * no locks there is none, and a line in the log.
 *
 * @throws {FolderInUseError} when another slotd has it, and does not give it up soon.
 */
export async function lockFolder(
  folder: string,
  { take, log }: { readonly take: TakeLock; readonly log: Logger },
): Promise<FolderLock> {
  const path = join(folder, "slotd.lock");
  const onWait = () =>
    log.info({ folder }, `Another slotd uses ${folder}; waiting until it releases the folder.`);
  try {
    const lock = await take(path, { patience, onWait });
    let isGivenUp = false;
    const stop = (): Promise<void> => {
      isGivenUp = true;
      return lock.release();
    };
    // Uploads under way end in the folder after it was given up.
    return { follow: async () => isGivenUp || isInForce(lock), stop };
  } catch (error) {
    if (error instanceof LockedError) throw new FolderInUseError(folder, path, error);
    if (!(error instanceof NoLocksError)) throw error;
    log.warn(
      { folder },
      `${error.message} slotd continues without the lock; make sure that no other slotd uses the folder.`,
    );
    return { follow: async () => true, stop: async () => undefined };
  }
}

/** A folder that came later may be on a file system without locks. */
async function isInForce(lock: FileLock): Promise<boolean> {
  try {
    return await lock.follow();
  } catch (error) {
    if (error instanceof NoLocksError) return true;
    throw error;
  }
}
