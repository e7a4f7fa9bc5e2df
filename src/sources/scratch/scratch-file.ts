import { constants, mkdtempSync, openSync, rmdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";

/**
 * Opens a file for reading and writing that has no name, and whose space is free again when it is closed, or the process
 * is killed.
 *
 * @param folder an existing one.
 * @returns its descriptor, which the caller closes.
 */
export function openScratchFile(folder: string): number {
  const own = mkdtempSync(join(folder, "slotd-import-"));
  const path = join(own, "list");
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
  unlinkSync(path);
  rmdirSync(own);
  return fd;
}
