import { constants } from "node:fs";
import { join } from "node:path";
import type { Bytes } from "../../slot/slot.ts";
import {
  type ObjectMeta,
  type ObjectStore,
  type OpenObject,
  PutError,
  type PutFailure,
} from "../object-store.ts";
import { codeOf, type Files, nodeFiles, syncFolder } from "./disk-files.ts";
import { openDiskObject, smallFile } from "./disk-object.ts";
import { writeObject } from "./disk-write.ts";
import { FreeSpace } from "./free-space.ts";
import { HotObjects } from "./hot-objects.ts";
import { Incoming } from "./incoming.ts";
import { ObjectFileError } from "./object-file.ts";
import { ReadBuffers } from "./read-buffers.ts";

export interface DiskStoreDeps {
  /** The clock; an object carries the time at which its upload was complete. */
  readonly now: () => Date;
  /** Gives `length` random bytes; they keep the temporary files of simultaneous uploads apart. */
  readonly randomBytes: (length: number) => Uint8Array;
  /** Milliseconds of a clock that never goes back; the process's own when absent. */
  readonly monotonic?: () => number;
  /** The file system; the real one when absent. */
  readonly files?: Files;
}

export interface DiskStoreOptions {
  /** Bytes of the file system that uploads leave free; 0 when absent. */
  readonly reserve?: Bytes;
  /** Whether an object survives a power cut from the moment its `put` resolves; true when absent. */
  readonly fsync?: boolean;
}

/** A token that is not one: nothing was looked up and nothing written. */
export class TokenError extends Error {
  readonly code = "bad-token";
  constructor() {
    super("A token is 16 to 192 lowercase hex digits; this one is not. Nothing was stored.");
    this.name = "TokenError";
  }
}

/**
 * Opens the store in `folder`, which is made when it is missing:
 *
 *     objects/<first two digits of the token>/<token>   complete objects, one file each
 *     incoming/                                         uploads under way, on the same file system
 *
 * The token is checked to be lowercase hex before it becomes part of a path, and the filename never does: it
 * is meta data inside the file. So no name, however it is spelt, can reach another path; and a symbolic link in
 * the place of an object is not followed.
 *
 * What dead processes left in incoming/ is removed; the objects themselves are not walked, so the start takes as
 * long with a million as with none. Several processes may have a folder open.
 *
 * @throws the file system's error (with its `code` and `path`) when the folders cannot be made or read.
 */
export async function openDiskStore(
  folder: string,
  deps: DiskStoreDeps,
  options: DiskStoreOptions = {},
): Promise<ObjectStore> {
  const files = deps.files ?? nodeFiles;
  const incoming = new Incoming(join(folder, "incoming"), files, deps.randomBytes);
  const objects = join(folder, "objects");
  await makeStoreFolders(folder, files);
  await incoming.removeLeftovers(deps.now());
  const { monotonic = () => performance.now() } = deps;
  const space = new FreeSpace(folder, options.reserve ?? 0, { files, monotonic });
  return new DiskStore({ objects, incoming, space, files, now: deps.now, isSynced: options.fsync ?? true });
}

/** Makes what is missing of a store's folders: also when another volume has come to its place. */
export async function makeStoreFolders(folder: string, files: Files = nodeFiles): Promise<void> {
  const objects = join(folder, "objects");
  for (const path of [folder, join(folder, "incoming"), objects])
    files.mkdir(path, { recursive: true, mode: 0o750 });
  const present = new Set(files.readdir(objects));
  for (let i = 0; i < 256; i += 1) {
    const shard = i.toString(16).padStart(2, "0");
    if (!present.has(shard)) files.mkdir(join(objects, shard), { recursive: true, mode: 0o750 });
  }
  for (const path of [objects, folder, join(folder, "..")]) await syncFolder(files, path);
}

/** What small objects that are asked for again and again may take in memory. */
const hotObjects: Bytes = 8 * 1024 * 1024;

interface Parts {
  readonly objects: string;
  readonly incoming: Incoming;
  readonly space: FreeSpace;
  readonly files: Files;
  readonly now: () => Date;
  readonly isSynced: boolean;
}

class DiskStore implements ObjectStore {
  readonly #parts: Parts;
  readonly #buffers = new ReadBuffers(smallFile, 32, 64);
  readonly #hot = new HotObjects(hotObjects);

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async has(token: string): Promise<boolean> {
    if (!isToken(token)) return false;
    return this.#parts.files.stat(this.#target(token), { throwIfNoEntry: false }) !== undefined;
  }

  /** @throws {TokenError} also, when the token is not one. */
  async put(meta: ObjectMeta, body: AsyncIterable<Uint8Array>): Promise<void> {
    if (!isToken(meta.token)) throw new TokenError();
    const { files, incoming, space, now, isSynced } = this.#parts;
    const temporary = incoming.path(meta.token);
    let isMade = false;
    let isPublished = false;
    try {
      const room = space.promise(meta.size);
      if (room === undefined) throw fullButForReserve();
      try {
        const fd = files.open(temporary, "wx", 0o640);
        isMade = true;
        const onWritten = (bytes: Bytes) => {
          if (!room.use(bytes)) throw fullButForReserve();
        };
        await writeObject(fd, meta, body, { files, now, isSynced, onWritten });
      } finally {
        room.release();
      }
      await this.#publish(temporary, meta.token);
      isPublished = true;
    } catch (error) {
      throw putErrorOf(error);
    } finally {
      if (isPublished) this.#unlink(temporary);
      else if (isMade) await files.remove(temporary).catch(() => undefined);
    }
  }

  async open(token: string): Promise<OpenObject | undefined> {
    if (!isToken(token)) return undefined;
    const path = this.#target(token);
    const hot = this.#hot.get(token, () => this.#parts.files.stat(path, { throwIfNoEntry: false }));
    if (hot !== undefined) return hot;
    try {
      const fd = this.#parts.files.open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
      return openDiskObject(fd, token, this.#buffers, this.#hot);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error instanceof ObjectFileError ? inFile(error, path, token) : error;
    }
  }

  /**
   * link() is atomic and, unlike rename(), never overwrites: of two uploads to one slot the first to be complete wins.
   */
  async #publish(temporary: string, token: string): Promise<void> {
    const { files, isSynced } = this.#parts;
    const target = this.#target(token);
    files.link(temporary, target);
    if (!isSynced) return;
    try {
      await syncFolder(files, join(target, ".."));
    } catch (error) {
      this.#unlink(target);
      throw error;
    }
  }

  /** A temporary file that cannot be removed now is removed at the next start; it must not hide how the upload went. */
  #unlink(path: string): void {
    try {
      this.#parts.files.unlink(path);
    } catch {}
  }

  #target(token: string): string {
    return `${this.#parts.objects}/${token.slice(0, 2)}/${token}`;
  }
}

function fullButForReserve(): PutError {
  return new PutError("full", "The disk is full, except for disk.reserve.");
}

function isToken(token: string): boolean {
  return /^[0-9a-f]{16,192}$/.test(token);
}

/** Says which file it is without saying the token: whoever knows that may fetch the object. */
function inFile(error: ObjectFileError, path: string, token: string): ObjectFileError {
  const shown = path.replace(token, `${token.slice(0, 8)}…`);
  return new ObjectFileError(
    error.code,
    `${shown}: ${error.message} Restore it from a backup or remove it.`,
    error,
  );
}

const failures: Readonly<Record<string, readonly [PutFailure, string]>> = {
  EEXIST: ["exists", "An object with this token is complete already."],
  ENOSPC: ["full", "The disk is full."],
  EDQUOT: ["full", "The disk quota is exhausted."],
  EROFS: ["read-only", "The file system is mounted read-only."],
  ENOENT: ["read-only", "The folders of the store do not exist. Check that its volume is mounted."],
  EACCES: ["read-only", "slotd may not write to its folder."],
  EPERM: ["read-only", "slotd may not write to its folder."],
  EMFILE: ["read-only", "slotd has reached its limit of open files."],
  ENFILE: ["read-only", "The system has reached its limit of open files."],
};

function putErrorOf(error: unknown): unknown {
  const failure = failures[codeOf(error) ?? ""];
  return failure === undefined || error instanceof PutError
    ? error
    : new PutError(failure[0], failure[1], error);
}
