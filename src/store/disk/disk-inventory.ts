import * as fs from "node:fs";
import { constants } from "node:fs";
import { join } from "node:path";
import type { Bytes } from "../../slot/slot.ts";
import type { Inventory, NotRemoved, ObjectFinder, ObjectName, StoredObject } from "../inventory.ts";
import { isToken } from "../object-token.ts";
import { codeOf, type Files, nodeFiles, syncFolder } from "./disk-files.ts";
import { decodeTrailer, maxTrailerSize, ObjectFileError } from "./object-file.ts";
import { sideBySide } from "./side-by-side.ts";

/** Files removed at the same time: the threads that do so also sync uploads. */
const removedAtOnce = 2;

/**
 * The inventory of a data folder, which `openDiskStore` has made or will make. It may be used beside a slotd that
 * serves the folder, and writes nothing. Whatever it does leaves the event loop free but for some milliseconds.
 */
export function diskInventory(
  folder: string,
  files: Pick<Files, "remove"> = nodeFiles,
): Inventory & ObjectFinder {
  const objects = join(folder, "objects");
  // A listing of a million files spends a twentieth of its time in join().
  const shardOf = (token: string): string => `${objects}/${token.slice(0, 2)}`;
  const pathOf = (token: string): string => `${shardOf(token)}/${token}`;
  const findObject = (token: string): StoredObject | undefined =>
    isToken(token) ? readObject(pathOf(token), token, Buffer.allocUnsafe(maxTrailerSize)) : undefined;
  return {
    async *list() {
      const turn = new Turn();
      const tail = Buffer.allocUnsafe(maxTrailerSize);
      for (const shard of await namesIn(objects)) {
        for (const token of await namesIn(`${objects}/${shard}`)) {
          if (!isToken(token) || !token.startsWith(shard)) continue;
          if (turn.isLong()) await turn.end();
          const object = readObject(pathOf(token), token, tail);
          if (object !== undefined) yield object;
        }
      }
    },
    async sizeOf({ token }): Promise<Bytes | undefined> {
      const object = findObject(token);
      return object?.damage === undefined ? object?.size : undefined;
    },
    find: async ({ token }) => findObject(token),
    async remove(objects) {
      const failed = await sideBySide(objects, removedAtOnce, (object) =>
        removeFile(files, pathOf(object.token), object),
      );
      const shards = new Set(
        objects.filter(({ token }) => isToken(token)).map(({ token }) => shardOf(token)),
      );
      for (const shard of shards) await syncIfThere(shard);
      return failed.flat();
    },
  };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await fs.promises.readdir(folder)).sort();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
}

/**
 * Undefined when it is gone meanwhile, or no file.
 *
 * @param tail is overwritten: of `maxTrailerSize`.
 */
function readObject(path: string, token: string, tail: Buffer): StoredObject | undefined {
  let fd: number;
  try {
    fd = fs.openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP"].includes(codeOf(error) ?? "")) return undefined;
    throw error;
  }
  try {
    const length = fs.readSync(fd, tail, 0, maxTrailerSize, 0);
    // Of a small file that is all.
    if (length < maxTrailerSize) return decode(fd, token, tail.subarray(0, length), length);
    const stat = fs.fstatSync(fd);
    if (!stat.isFile()) return undefined;
    const first = stat.size - maxTrailerSize;
    const last = fs.readSync(fd, tail, 0, maxTrailerSize, first);
    return decode(fd, token, tail.subarray(0, last), stat.size);
  } catch (error) {
    if (codeOf(error) === "EISDIR") return undefined;
    throw error;
  } finally {
    fs.closeSync(fd);
  }
}

function decode(fd: number, token: string, tail: Uint8Array, fileSize: Bytes): StoredObject {
  try {
    const { filename, size, created, expiry } = decodeTrailer(tail, fileSize);
    return { token, filename, size, stored: created, expiry };
  } catch (error) {
    if (!(error instanceof ObjectFileError)) throw error;
    const stored = fs.fstatSync(fd).mtime;
    return { token, filename: "", size: fileSize, stored, expiry: undefined, damage: error.message };
  }
}

/** On another thread: to free a large file takes the file system long. */
async function removeFile(
  files: Pick<Files, "remove">,
  path: string,
  { token }: ObjectName,
): Promise<NotRemoved[]> {
  if (!isToken(token)) return [];
  try {
    await files.remove(path);
    return [];
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    return code === "ENOENT" ? [] : [{ token, reason: `the system reports ${code}` }];
  }
}

/** Milliseconds of reading one small file after the other, until others get their turn. */
const longestTurn = 5;

/**
 * Small files are read at once, which is ten times as fast as on another thread; now and then others get their turn.
 */
class Turn {
  #began = performance.now();

  isLong(): boolean {
    return performance.now() - this.#began >= longestTurn;
  }

  /** Lets others have theirs. */
  async end(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#began = performance.now();
  }
}

/** A removal survives a power cut only when its folder has been synced. */
async function syncIfThere(folder: string): Promise<void> {
  try {
    await syncFolder(nodeFiles, folder);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}
