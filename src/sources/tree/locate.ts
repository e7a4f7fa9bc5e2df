import type { OpenFolder } from "./open-folder.ts";
import type { Located } from "./source-file.ts";

/**
 * Finds the regular file at a path, which metadata says.
 *
 * @param segments names, the last one the file's. A segment that is no name finds nothing.
 */
export function locate(root: OpenFolder, segments: readonly string[]): Located | undefined {
  const name = segments.at(-1);
  if (name === undefined || !segments.every(isName)) return undefined;
  const opened: OpenFolder[] = [];
  try {
    let folder = root;
    for (const segment of segments.slice(0, -1)) {
      const next = folder.folderIfAny(segment);
      if (next === undefined) return undefined;
      opened.push(next);
      folder = next;
    }
    const stats = folder.fileStats(name);
    return stats === undefined ? undefined : { folder, name, stats };
  } finally {
    // They open themselves again for the one who copies the file.
    for (const folder of opened) folder.close();
  }
}

/** Whether a text can be the name of a file. */
export function isName(text: string): boolean {
  if (text === "" || text === "." || text === ".." || /[/\0]/.test(text)) return false;
  return Buffer.byteLength(text) <= 255;
}
