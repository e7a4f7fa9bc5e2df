/**
 * A lock that this process holds as long as it has this object. Whatever ends the process, a SIGKILL or a power cut
 * too, ends the lock.
 */
export interface FileLock {
  /**
   * Whether it holds the file that is now at its path. Where another file has come there (a volume was mounted over
   * the folder), it is taken as well, if nobody else has it.
   */
  follow(): Promise<boolean>;
  /** Gives it back. The file stays: to remove it would let two hold a lock, each on a file of its own. */
  release(): Promise<void>;
}

/**
 * The port for "one at a time" among processes that share a folder, containers and machines included as far as the
 * file system has locks.
 *
 * @param path of the file that is locked; it is made when it is missing, in a folder that is there.
 * @throws {LockedError} when another has it for as long as `patience`.
 * @throws {NoLocksError} when it cannot be locked at all.
 */
export type TakeLock = (path: string, options?: TakeOptions) => Promise<FileLock>;

export interface TakeOptions {
  /** How long to wait for another to give it back; milliseconds, 0 when absent. */
  readonly patience?: number;
  /** Is told when there is something to wait for. Must not throw. */
  readonly onWait?: () => void;
}

/** Another process has the lock. */
export class LockedError extends Error {
  readonly code = "locked";
  readonly path: string;
  constructor(path: string, cause?: unknown) {
    super(`Another process has the lock on ${path}; "lslocks" or "fuser" names it.`, { cause });
    this.name = "LockedError";
    this.path = path;
  }
}

/** The file cannot be locked: its file system has no locks or is read-only, or the file is of another user. */
export class NoLocksError extends Error {
  readonly code = "no-locks";
  constructor(path: string, cause?: unknown) {
    super(`slotd cannot lock ${path}: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause });
    this.name = "NoLocksError";
  }
}
