import { closeSync, constants, fstatSync, lstatSync, openSync, realpathSync, type Stats } from "node:fs";
import { SourceError } from "../source.ts";

const folderFlags = constants.O_RDONLY | constants.O_DIRECTORY;
/** A FIFO or a device that took a file's place meanwhile is not waited for. */
const fileFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * A folder of a former service, held by a descriptor. Whatever is in it is reached through the descriptor, by one name
 * at a time and without following links, as `openat` does it: nobody can lead the reader out of the root folder by
 * replacing a folder on the way with a link, at whatever moment.
 *
 * node: has no `openat`. `/proc/self/fd/N/NAME` is the same on Linux: the kernel begins at the folder that is open, not
 * at its path.
 *
 * One descriptor while it is open. A closed folder opens itself, from the root on, for one call.
 */
export class OpenFolder {
  /** Below the root folder; "" for the root itself. */
  readonly place: string;
  readonly #open: () => number;
  #fd: number | undefined;

  private constructor(place: string, open: () => number) {
    this.place = place;
    this.#open = open;
    this.#fd = open();
  }

  /**
   * Opens the root. Links on the way to it are the operator's own and are followed once.
   *
   * @throws {SourceError} when it is no folder, or cannot be read.
   */
  static root(path: string): OpenFolder {
    try {
      const real = realpathSync(path);
      // The same folder when it is opened again, or none.
      const { dev, ino } = lstatSync(real);
      return new OpenFolder("", () => {
        const fd = openSync(real, folderFlags | constants.O_NOFOLLOW);
        const stats = fstatSync(fd);
        if (stats.dev === dev && stats.ino === ino) return fd;
        closeSync(fd);
        throw new SourceError(`${path} was replaced by another folder while it was read.`);
      });
    } catch (error) {
      if (error instanceof SourceError) throw error;
      throw new SourceError(
        `Expected the folder of the former service in ${path}: ${reasonOf(error)}.`,
        error,
      );
    }
  }

  /** @throws a system error when this name is no folder (a link to one neither), or cannot be read. */
  folder(name: string): OpenFolder {
    return new OpenFolder(this.placeOf(name), () =>
      this.use((path) => openSync(`${path}/${checked(name)}`, folderFlags | constants.O_NOFOLLOW)),
    );
  }

  /** As `folder`; undefined when there is no such folder. */
  folderIfAny(name: string): OpenFolder | undefined {
    return this.stats(name)?.isDirectory() ? this.folder(name) : undefined;
  }

  /** What this name is, a link as itself; undefined when there is nothing. */
  stats(name: string): Stats | undefined {
    // The longest name of all file systems that slotd knows.
    if (Buffer.byteLength(name) > 255) return undefined;
    return this.use((path) => lstatSync(`${path}/${checked(name)}`, { throwIfNoEntry: false }));
  }

  /** As `stats`; undefined also for what is no regular file. */
  fileStats(name: string): Stats | undefined {
    const stats = this.stats(name);
    return stats?.isFile() ? stats : undefined;
  }

  /**
   * Opens a regular file for reading; the caller closes it.
   *
   * @throws a system error, or an `Error` when it is no regular file.
   */
  openFile(name: string): number {
    return this.use((path) => {
      const place = `${path}/${checked(name)}`;
      // To open a device can do something already.
      if (!lstatSync(place).isFile()) throw new Error("it is no regular file");
      const fd = openSync(place, fileFlags);
      if (fstatSync(fd).isFile()) return fd;
      closeSync(fd);
      throw new Error("it is no regular file");
    });
  }

  /** Runs this with a path that leads to this folder while it runs, and not longer. */
  use<T>(work: (path: string) => T): T {
    if (this.#fd !== undefined) return work(`/proc/self/fd/${this.#fd}`);
    const fd = this.#open();
    try {
      return work(`/proc/self/fd/${fd}`);
    } finally {
      closeSync(fd);
    }
  }

  placeOf(name: string): string {
    return this.place === "" ? name : `${this.place}/${name}`;
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

/** A system error in a few words. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return (typeof code === "string" && reasons[code]) || (error instanceof Error ? error.message : "unknown");
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is nothing",
  ENOTDIR: "it is no folder",
  ELOOP: "it is a link",
  EACCES: "it may not be read by this user",
  EPERM: "it may not be read by this user",
  ENAMETOOLONG: "its name is too long",
  EIO: "the disk failed to read it",
};

/** Names come from metadata too: one that is a path would lead elsewhere. */
function checked(name: string): string {
  if (name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name)) return name;
  throw new RangeError("Expected the name of a file.");
}
