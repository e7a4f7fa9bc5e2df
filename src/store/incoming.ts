import { join } from "node:path";
import { codeOf, type Files } from "./disk-files.ts";
import { isGone, thisOwner } from "./owner.ts";
import { sideBySide } from "./side-by-side.ts";

/** A file that nobody has written to for so long is left over, whoever made it; milliseconds. */
const STALE_AFTER = 15 * 60_000;

/**
 * The folder of the uploads under way. Each temporary file is called `<token>.<owner>.<random>`, so that a slotd
 * that starts removes what dead ones left and nothing of a living one.
 */
export class Incoming {
  readonly folder: string;
  readonly #owner = thisOwner();
  readonly #files: Files;
  readonly #randomBytes: (length: number) => Uint8Array;

  constructor(folder: string, files: Files, randomBytes: (length: number) => Uint8Array) {
    this.folder = folder;
    this.#files = files;
    this.#randomBytes = randomBytes;
  }

  /** The path of a new temporary file. Two uploads to the same slot do not meet. */
  path(token: string): string {
    const random = Buffer.from(this.#randomBytes(8)).toString("hex");
    return `${this.folder}/${token}.${this.#owner}.${random}`;
  }

  /**
   * Removes the files of processes that are gone. Where that cannot be told (another container shares the
   * folder), those that have not grown for a quarter of an hour: an upload under way would have been cut off.
   */
  async removeLeftovers(now: Date): Promise<void> {
    // One by one: a slotd that serves may be opening this folder anew.
    await sideBySide(this.#files.readdir(this.folder), 1, async (name) => {
      const path = join(this.folder, name);
      const gone = isGone(name.split(".")[1] ?? "") ?? this.#isStale(path, now);
      if (gone) await this.#remove(path);
    });
  }

  #isStale(path: string, now: Date): boolean {
    const stat = this.#files.stat(path, { throwIfNoEntry: false });
    return stat !== undefined && now.getTime() - stat.mtimeMs > STALE_AFTER;
  }

  async #remove(path: string): Promise<void> {
    try {
      await this.#files.remove(path);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
    }
  }
}
