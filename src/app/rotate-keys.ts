import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { takesUploads } from "../config/places.ts";
import { type FileLock, NoLocksError } from "../lock/file-lock.ts";
import { takeSqliteLock } from "../lock/sqlite-lock.ts";
import type { SlotDeps } from "../slots.ts";
import { type Rotation, rotateSigningKeys } from "../store/keys/key-rotation.ts";
import { signingKeysPath } from "../store/keys/signing-keys.ts";
import { forOption } from "./option-error.ts";

/** What was rotated in one file of keys. */
export interface RotatedFile extends Rotation {
  readonly path: string;
}

/** How long a rotation waits for others of the same folder; each takes some milliseconds. */
const patience = 10_000;

/**
 * Rotates the keys that sign slotd's own PUT URLs, once in each folder in which there are some.
 *
 * @param domain rotates only the folder of this domain, and of those that share it; every folder when absent.
 * @param forgets removes the former keys at once: slots that they signed are void.
 * @throws {SigningKeysError} when a file is damaged; the system's error when a folder is not writable; {LockedError}
 * when others rotate the same keys all the time.
 */
export async function rotateKeys(
  config: Config,
  domain: string | undefined,
  forgets: boolean,
  deps: SlotDeps,
): Promise<readonly RotatedFile[]> {
  const concerned = config.domains.filter((each) => domain === undefined || each.domain === domain);
  const folders = new Set(concerned.filter(takesUploads).map(({ disk }) => disk.path));
  const rotated: RotatedFile[] = [];
  for (const folder of folders) {
    const rotation = await forOption("disk.path", folder, async () => {
      await mkdir(folder, { recursive: true, mode: 0o750 });
      return alone(folder, () => rotateSigningKeys(folder, forgets, deps));
    });
    rotated.push({ path: signingKeysPath(folder), ...rotation });
  }
  return rotated;
}

/** What reads the keys and writes them anew must be alone: of two at once, one would drop the other's key. */
async function alone<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
  let lock: FileLock | undefined;
  try {
    lock = await takeSqliteLock(join(folder, "signing-keys.lock"), { patience });
  } catch (error) {
    // Where nothing can be locked an operator rotates one key at a time.
    if (!(error instanceof NoLocksError)) throw error;
  }
  try {
    return await work();
  } finally {
    await lock?.release();
  }
}
