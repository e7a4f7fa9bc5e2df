import * as nodeFiles from "node:fs/promises";
import { join } from "node:path";
import type { Bytes } from "../slot/slot.ts";
import { openDiskObject } from "./disk-object.ts";
import { encodeTrailer, ObjectFileError } from "./object-file.ts";
import {
  type ObjectMeta,
  type ObjectStore,
  type OpenObject,
  PutError,
  type PutFailure,
} from "./object-store.ts";

/** The calls of node:fs/promises that the disk store makes. */
export type Files = Pick<typeof nodeFiles, "open" | "link" | "unlink" | "mkdir" | "readdir" | "access">;

export interface DiskStoreDeps {
  /** The clock; an object carries the time at which its upload was complete. */
  readonly now: () => Date;
  /** Gives `length` random bytes; they keep the temporary files of simultaneous uploads apart. */
  readonly randomBytes: (length: number) => Uint8Array;
  /** The file system; node:fs/promises when absent. */
  readonly files?: Files;
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
 * is meta data inside the file. So no name, however it is spelt, can reach another path.
 *
 * What an earlier process left in incoming/ is removed; the objects themselves are not walked, so the start
 * takes as long with a million as with none. One process at a time may have a folder open.
 *
 * @throws the file system's error (with its `code` and `path`) when the folders cannot be made or read.
 */
export async function openDiskStore(folder: string, deps: DiskStoreDeps): Promise<ObjectStore> {
  const files = deps.files ?? nodeFiles;
  const incoming = join(folder, "incoming");
  const objects = join(folder, "objects");
  await makeFolders(files, folder, [incoming, objects]);
  for (const name of await files.readdir(incoming)) await files.unlink(join(incoming, name));
  await syncFolder(files, incoming);
  return new DiskStore(objects, incoming, { ...deps, files });
}

async function makeFolders(files: Files, folder: string, inside: readonly string[]): Promise<void> {
  for (const path of [folder, ...inside]) await files.mkdir(path, { recursive: true, mode: 0o750 });
  const objects = join(folder, "objects");
  const present = new Set(await files.readdir(objects));
  for (let i = 0; i < 256; i += 1) {
    const shard = i.toString(16).padStart(2, "0");
    if (!present.has(shard)) await files.mkdir(join(objects, shard), { recursive: true, mode: 0o750 });
  }
  for (const path of [objects, folder, join(folder, "..")]) await syncFolder(files, path);
}

class DiskStore implements ObjectStore {
  readonly #objects: string;
  readonly #incoming: string;
  readonly #deps: Required<DiskStoreDeps>;

  constructor(objects: string, incoming: string, deps: Required<DiskStoreDeps>) {
    this.#objects = objects;
    this.#incoming = incoming;
    this.#deps = deps;
  }

  async has(token: string): Promise<boolean> {
    if (!isToken(token)) return false;
    try {
      await this.#deps.files.access(join(this.#shard(token), token));
      return true;
    } catch (error) {
      if (codeOf(error) === "ENOENT") return false;
      throw error;
    }
  }

  /** @throws {TokenError} also, when the token is not one. */
  async put(meta: ObjectMeta, body: AsyncIterable<Uint8Array>): Promise<void> {
    if (!isToken(meta.token)) throw new TokenError();
    // 16 hex digits: two uploads to the same slot must not meet.
    const random = Buffer.from(this.#deps.randomBytes(8)).toString("hex");
    const temporary = join(this.#incoming, `${meta.token}.${random}`);
    try {
      await this.#write(temporary, meta, body);
      await this.#publish(temporary, meta.token);
    } catch (error) {
      throw putErrorOf(error);
    } finally {
      // What cannot be removed now is removed at the next start; it must not hide how the upload went.
      await this.#deps.files.unlink(temporary).catch(() => undefined);
    }
  }

  async open(token: string): Promise<OpenObject | undefined> {
    if (!isToken(token)) return undefined;
    const path = join(this.#shard(token), token);
    const handle = await this.#deps.files.open(path, "r").catch(ignoreMissing);
    if (handle === undefined) return undefined;
    try {
      return await openDiskObject(handle, token);
    } catch (error) {
      await handle.close();
      throw error instanceof ObjectFileError ? inFile(error, path, token) : error;
    }
  }

  async #write(temporary: string, meta: ObjectMeta, body: AsyncIterable<Uint8Array>): Promise<void> {
    const handle = await this.#deps.files.open(temporary, "wx", 0o640);
    try {
      let written = 0;
      for await (const chunk of body) {
        // A body that is too long is not read to its end.
        if (written + chunk.length > meta.size) throw wrongLength(meta.size, "more");
        await writeFully(handle, chunk, written);
        written += chunk.length;
      }
      if (written < meta.size) throw wrongLength(meta.size, String(written));
      await writeFully(handle, encodeTrailer(meta, this.#deps.now()), written);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  /** link() is atomic and, unlike rename(), never overwrites: of two uploads to one slot the first to be complete wins. */
  async #publish(temporary: string, token: string): Promise<void> {
    const shard = this.#shard(token);
    const target = join(shard, token);
    await this.#deps.files.link(temporary, target);
    try {
      await syncFolder(this.#deps.files, shard);
    } catch (error) {
      await this.#deps.files.unlink(target).catch(ignoreMissing);
      throw error;
    }
  }

  #shard(token: string): string {
    return join(this.#objects, token.slice(0, 2));
  }
}

function isToken(token: string): boolean {
  return /^[0-9a-f]{16,192}$/.test(token);
}

async function writeFully(handle: nodeFiles.FileHandle, bytes: Uint8Array, position: Bytes): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** A new name survives a power cut only when its folder has been synced. */
async function syncFolder(files: Files, path: string): Promise<void> {
  const handle = await files.open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function wrongLength(expected: Bytes, got: string): PutError {
  return new PutError("wrong-length", `The object was to have ${expected} bytes; ${got} came.`);
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
  EDQUOT: ["full", "The disk quota is used up."],
  EROFS: ["read-only", "The file system is mounted read-only."],
  EACCES: ["read-only", "slotd may not write to its folder."],
  EPERM: ["read-only", "slotd may not write to its folder."],
};

function putErrorOf(error: unknown): unknown {
  const failure = failures[codeOf(error) ?? ""];
  return failure === undefined ? error : new PutError(failure[0], failure[1], error);
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

function ignoreMissing(error: unknown): undefined {
  if (codeOf(error) !== "ENOENT") throw error;
}
