import { closeSync, readSync } from "node:fs";
import type { OpenFolder } from "./open-folder.ts";

/**
 * Reads a file of UTF-8 that is short.
 *
 * @param most bytes; what has more, or cannot be read, or is no regular file, counts as no such file.
 */
export function readSmallFile(folder: OpenFolder, name: string, most: number): string | undefined {
  try {
    // Where there is none, an exception costs more than the question.
    if (folder.fileStats(name) === undefined) return undefined;
    const fd = folder.openFile(name);
    try {
      const bytes = Buffer.alloc(most + 1);
      const length = readSync(fd, bytes, 0, bytes.length, 0);
      return length > most ? undefined : bytes.toString("utf8", 0, length);
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}
