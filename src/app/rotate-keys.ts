import { mkdir } from "node:fs/promises";
import type { Config } from "../config/config.ts";
import { takesUploads } from "../config/places.ts";
import type { SlotDeps } from "../slots.ts";
import { type Rotation, rotateSigningKeys } from "../store/key-rotation.ts";
import { signingKeysPath } from "../store/signing-keys.ts";

/** What was rotated in one file of keys. */
export interface RotatedFile extends Rotation {
  readonly path: string;
}

/**
 * Rotates the keys that sign slotd's own PUT URLs, once in each folder in which there are some.
 *
 * @param domain rotates only the folder of this domain, and of those that share it; every folder when absent.
 * @param forgets removes the former keys at once: slots that they signed are void.
 * @throws {SigningKeysError} when a file is damaged; the system's error when a folder is not writable.
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
    await mkdir(folder, { recursive: true, mode: 0o750 });
    rotated.push({ path: signingKeysPath(folder), ...(await rotateSigningKeys(folder, forgets, deps)) });
  }
  return rotated;
}
