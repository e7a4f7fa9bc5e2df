import * as fs from "node:fs";
import { promisify } from "node:util";

/**
 * The calls on the file system that the disk store makes.
 *
 * What the page cache or the journal answers is asked for at once: a trip to another thread and back costs ten
 * times the call. What waits for the disk by its nature (sync), and what may wait for it because it is long
 * (reading, writing and freeing large files), does not stop the other requests.
 */
export interface Files {
  readonly open: typeof fs.openSync;
  readonly close: typeof fs.closeSync;
  readonly stat: typeof fs.statSync;
  readonly link: typeof fs.linkSync;
  /** For a name whose file has another one, or is small: freeing 60 MiB takes 20 ms. */
  readonly unlink: typeof fs.unlinkSync;
  /** Takes away the last name of a file of any size. */
  readonly remove: (path: string) => Promise<void>;
  readonly mkdir: typeof fs.mkdirSync;
  readonly readdir: typeof fs.readdirSync;
  readonly statfs: typeof fs.statfsSync;
  /** Writes as much as it can; gives the number of bytes. */
  readonly writevNow: (fd: number, buffers: Uint8Array[]) => number;
  readonly writev: (fd: number, buffers: Uint8Array[]) => Promise<number>;
  readonly sync: (fd: number) => Promise<void>;
}

/** The real file system. */
export const nodeFiles: Files = {
  open: fs.openSync,
  close: fs.closeSync,
  stat: fs.statSync,
  link: fs.linkSync,
  unlink: fs.unlinkSync,
  remove: fs.promises.unlink,
  mkdir: fs.mkdirSync,
  readdir: fs.readdirSync,
  statfs: fs.statfsSync,
  writevNow: (fd, buffers) => fs.writevSync(fd, buffers),
  writev: (fd, buffers) =>
    new Promise((resolve, reject) => {
      fs.writev(fd, buffers, (error, written) => (error ? reject(error) : resolve(written)));
    }),
  sync: promisify(fs.fsync),
};

/** A new name survives a power cut only when its folder has been synced. */
export async function syncFolder(files: Files, path: string): Promise<void> {
  const fd = files.open(path, "r");
  try {
    await files.sync(fd);
  } finally {
    files.close(fd);
  }
}

/** The system's code of an error, such as "ENOENT"; undefined when it has none. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
