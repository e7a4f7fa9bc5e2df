import { execFile } from "node:child_process";
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const MIB = 1024 * 1024;

/** Resolves when nothing waits to be written to the disk: nobody is to pay for the contender before. */
export async function settleDisk(): Promise<void> {
  await promisify(execFile)("sync");
}

/**
 * Removes the files of a MiB and more under a folder. The next ones get the memory that these took in the page
 * cache; a virtual machine may have to ask its host for more, and that takes longer than anything measured here.
 */
export function removeLargeFiles(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && (statSync(path, { throwIfNoEntry: false })?.size ?? 0) >= MIB)
      rmSync(path, { force: true });
  }
}
