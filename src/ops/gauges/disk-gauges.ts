import { statfs } from "node:fs/promises";
import type { Bytes } from "../../slot/slot.ts";
import type { Metrics } from "../metrics.ts";
import { within } from "../ready-checks.ts";

/** A folder with files. */
export interface GaugedDisk {
  readonly path: string;
  /** How much of its file system uploads leave free. */
  readonly reserve: Bytes;
}

interface Space {
  readonly free: Bytes;
  readonly size: Bytes;
}

/** Sets how much room there is for uploads on the file systems of folders. */
export class DiskGauges {
  readonly #longestLook: number;
  readonly #spaceOf: (path: string) => Promise<Space>;
  /** A file system that hangs, such as one of a network, is not asked once more meanwhile: each call holds a thread. */
  readonly #underWay = new Map<string, Promise<Space>>();

  /**
   * @param spaceOf what is free on the file system of a path, and its size; asks the system when absent.
   * @param longestLook how long a look may take; milliseconds.
   */
  constructor(spaceOf = spaceOfFileSystem, longestLook = 2_000) {
    this.#spaceOf = spaceOf;
    this.#longestLook = longestLook;
  }

  /**
   * Looks at all folders, for `longestLook` at most. A folder that is not there, or whose file system does not answer, has
   * no series; nor has one that is not asked about any more. Never throws.
   */
  async look(disks: readonly GaugedDisk[], metrics: Metrics): Promise<void> {
    const looks = await Promise.all(
      disks.map(async (disk) => ({
        ...disk,
        space: await within(this.#ask(disk.path), this.#longestLook).catch(() => undefined),
      })),
    );
    metrics.forget("diskFree");
    metrics.forget("diskSize");
    for (const { path, reserve, space } of looks) {
      if (space === undefined) continue;
      metrics.set("diskFree", { path }, Math.max(0, space.free - reserve));
      metrics.set("diskSize", { path }, space.size);
    }
  }

  #ask(path: string): Promise<Space> {
    const underWay = this.#underWay.get(path);
    if (underWay !== undefined) return underWay;
    const asked = this.#spaceOf(path).finally(() => this.#underWay.delete(path));
    this.#underWay.set(path, asked);
    return asked;
  }
}

/** What the file system keeps for root is not free. */
async function spaceOfFileSystem(path: string): Promise<Space> {
  const { bavail, blocks, bsize } = await statfs(path);
  return { free: bavail * bsize, size: blocks * bsize };
}
