import { statfsSync } from "node:fs";

/** Where Linux keeps files in memory. */
const memory = "/dev/shm";

/** What a file takes there, with its row in the ledger, its share of the indexes and of the log; generous. */
const bytesOfFile = 10_000;

/**
 * Has temporary folders made in memory from now on, where there is room for so many files: what a disk takes for a sync
 * is the disk's, and its neighbours', and not what is measured.
 */
export function useMemory(files: number): void {
  try {
    const { bavail, bsize, ffree } = statfsSync(memory);
    if (bavail * bsize > files * bytesOfFile && ffree > 2 * files) process.env.TMPDIR = memory;
  } catch {
    // There is none here: the disk it is.
  }
}
