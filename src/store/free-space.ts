import type { Bytes } from "../slot/slot.ts";
import type { Files } from "./disk-files.ts";
import { Pace } from "./pace.ts";

/** The room that one upload is promised: never more than it is likely to need soon. */
export interface Room {
  /**
   * Says that so much of it has been written: the file system counts it from now on.
   *
   * @returns false when there is no room for what is still to come.
   */
  use(bytes: Bytes): boolean;
  /** Gives back what was not used. */
  release(): void;
}

/** An upload that keeps its pace has room for what it brings in this time; milliseconds. */
const ahead = 10 * 60_000;

/** The most that an upload is promised which has brought nothing yet. */
const firstPromise: Bytes = 16 * 1024 * 1024;

/** All uploads that bring nothing have no more than this part of the room together, however many they are. */
const shareOfSilent = 1 / 4;

/** How often the promises to all uploads are looked at again; milliseconds. */
const lookEvery = 1_000;

/** An upload under way. */
interface Upload {
  /** What is still to come by its announced size. */
  left: Bytes;
  /** How much of that it is promised. */
  promised: Bytes;
  readonly pace: Pace;
}

export interface FreeSpaceDeps {
  readonly files: Files;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
}

/**
 * Keeps part of a file system free, uploads under way included.
 *
 * An upload is let in when the whole of it fits beside what the others are promised. Promised is what comes: a little
 * at first, and then what an upload brings in ten minutes at the pace that it keeps, up to its size. So an upload that
 * announces much and brings little takes little from the others, and so do many such; and one that keeps its pace has
 * its room before others can take it. A promise grows only into room that nobody else is promised.
 *
 * Each call takes a time that does not depend on how many uploads are under way, but for one a second.
 */
export class FreeSpace {
  readonly #folder: string;
  readonly #reserve: Bytes;
  readonly #deps: FreeSpaceDeps;
  /** The longest under way first. */
  readonly #uploads = new Set<Upload>();
  #promised: Bytes = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** @param reserve how much is to stay free; 0 leaves it to the file system to say when it is full. */
  constructor(folder: string, reserve: Bytes, deps: FreeSpaceDeps) {
    this.#folder = folder;
    this.#reserve = reserve;
    this.#deps = deps;
  }

  /** Promises room to an upload of `size` bytes; undefined when it does not fit. */
  promise(size: Bytes): Room | undefined {
    if (this.#reserve === 0) return { use: () => true, release: () => undefined };
    const now = this.#deps.monotonic();
    const free = this.#free();
    if (now - this.#lookedAt >= lookEvery) this.#lookAtAll(free, now);
    if (size > free - this.#promised) return undefined;
    const upload: Upload = { left: size, promised: 0, pace: new Pace(now) };
    this.#uploads.add(upload);
    this.#promise(upload, free, now);
    return {
      use: (bytes) => this.#use(upload, bytes),
      release: () => this.#end(upload),
    };
  }

  #use(upload: Upload, bytes: Bytes): boolean {
    const now = this.#deps.monotonic();
    upload.left = Math.max(0, upload.left - bytes);
    upload.pace.add(bytes, now);
    this.#set(upload, Math.max(0, upload.promised - bytes));
    this.#promise(upload, this.#free(), now);
    return upload.left === 0 || upload.promised > 0;
  }

  #end(upload: Upload): void {
    if (this.#uploads.delete(upload)) this.#promised -= upload.promised;
  }

  #lookAtAll(free: Bytes, now: number): void {
    this.#lookedAt = now;
    for (const upload of this.#uploads) this.#promise(upload, free, now);
  }

  /** Promises what the upload is likely to need soon, as far as there is room beside the others. */
  #promise(upload: Upload, free: Bytes, now: number): void {
    const { left, promised, pace } = upload;
    const silent = Math.min(firstPromise, Math.floor((free * shareOfSilent) / this.#uploads.size));
    const wanted = Math.min(left, Math.max(silent, Math.ceil(pace.at(now) * ahead)));
    const unpromised = Math.max(0, free - this.#promised);
    this.#set(upload, Math.min(wanted, promised + unpromised));
  }

  #set(upload: Upload, promised: Bytes): void {
    this.#promised += promised - upload.promised;
    upload.promised = promised;
  }

  /** What may be written; 0 when less than the reserve is free. */
  #free(): Bytes {
    const { bavail, bsize } = this.#deps.files.statfs(this.#folder);
    return Math.max(0, bavail * bsize - this.#reserve);
  }
}
