import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import type { Bytes } from "../slot/slot.ts";

/** Nobody but its owner reads a file of URLs that open files. */
const mode = 0o600;
/** What is added is written when it is so much. */
const pieceSize: Bytes = 64 * 1024;

/** A text file of mode 0600 that only grows. */
export class PrivateFile {
  readonly path: string;
  /** Whether it had content before. */
  readonly isContinued: boolean;
  readonly #fd: number;
  #held: string[] = [];
  #heldSize = 0;
  #isClosed = false;

  /**
   * Opens it, or makes it; a symbolic link is not followed, and a file that others could read is closed to them.
   *
   * @param startsAnew whether what is in it goes.
   * @throws the file system's error, and an `Error` when the path leads to something else than a file.
   */
  constructor(path: string, startsAnew: boolean) {
    const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_TRUNC } = constants;
    const flags = O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | (startsAnew ? O_TRUNC : 0);
    this.path = path;
    this.#fd = openSync(path, flags, mode);
    try {
      const stat = fstatSync(this.#fd);
      if (!stat.isFile()) throw new Error(`${path} is not a regular file; name another one.`);
      if ((stat.mode & 0o777) !== mode) fchmodSync(this.#fd, mode);
      this.isContinued = cutTornLine(this.#fd, stat.size) > 0;
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  /** Adds a text as it is. */
  add(text: string): void {
    this.#held.push(text);
    this.#heldSize += text.length;
    if (this.#heldSize >= pieceSize) this.write();
  }

  /** Writes what was added. After that it survives the end of the process. @throws the file system's error */
  write(): void {
    const bytes = Buffer.from(this.#held.join(""));
    this.#held = [];
    this.#heldSize = 0;
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done);
  }

  /** Writes the rest, has it survive a power failure, and closes. Once closed it stays so. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      this.write();
      fsyncSync(this.#fd);
    } finally {
      closeSync(this.#fd);
    }
  }
}

/** A line that a killed process had begun goes: the next one would be joined to it. Gives the size after that. */
function cutTornLine(fd: number, size: Bytes): Bytes {
  const tail = Buffer.alloc(Math.min(size, pieceSize));
  const length = readSync(fd, tail, 0, tail.length, size - tail.length);
  const end = size - length + tail.subarray(0, length).lastIndexOf(0x0a) + 1;
  if (end < size) ftruncateSync(fd, end);
  return end;
}
