import type { Bytes } from "../slot/slot.ts";
import type { Files } from "./disk-files.ts";

/** The room that one upload has been promised. */
export interface Room {
  /** Says that so much of it has been written: the file system counts it from now on. */
  use(bytes: Bytes): void;
  /** Gives back what was not used. */
  release(): void;
}

/** Keeps part of a file system free, uploads under way included. */
export class FreeSpace {
  readonly #folder: string;
  readonly #reserve: Bytes;
  readonly #files: Files;
  #promised: Bytes = 0;

  /** @param reserve how much is to stay free; 0 leaves it to the file system to say when it is full. */
  constructor(folder: string, reserve: Bytes, files: Files) {
    this.#folder = folder;
    this.#reserve = reserve;
    this.#files = files;
  }

  /** Promises room for `size` bytes; undefined when too little would stay free. */
  promise(size: Bytes): Room | undefined {
    if (this.#reserve > 0) {
      const { bavail, bsize } = this.#files.statfs(this.#folder);
      if (bavail * bsize - this.#promised - size < this.#reserve) return undefined;
    }
    let left = size;
    this.#promised += left;
    const use = (bytes: Bytes) => {
      const used = Math.min(bytes, left);
      left -= used;
      this.#promised -= used;
    };
    return { use, release: () => use(left) };
  }
}
