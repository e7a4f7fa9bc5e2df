import * as fs from "node:fs";
import { type Files, nodeFiles } from "./disk-files.ts";

/** Who a file belongs to. */
export interface FileOwner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The real file system for a command that root runs: what it makes belongs to the user that runs slotd. Only what is
 * new gets another owner, through its descriptor, before it has a name under which anybody looks for it.
 */
export function filesOwnedBy({ uid, gid }: FileOwner): Files {
  const open: typeof fs.openSync = (path, flags, mode) => {
    const fd = fs.openSync(path, flags, mode);
    try {
      if (flags === "wx") fs.fchownSync(fd, uid, gid);
      return fd;
    } catch (error) {
      fs.closeSync(fd);
      throw error;
    }
  };
  return { ...nodeFiles, open, mkdir: madeFor({ uid, gid }) as typeof fs.mkdirSync };
}

/** As mkdir with `recursive`: gives the first folder that was made. */
function madeFor({ uid, gid }: FileOwner) {
  return (path: string, options: fs.MakeDirectoryOptions): string | undefined => {
    const made = fs.mkdirSync(path, options);
    if (made !== undefined) fs.lchownSync(path, uid, gid);
    return made;
  };
}
