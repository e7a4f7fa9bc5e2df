import { chown, rename, stat } from "node:fs/promises";
import { MAX_EXPIRES } from "../sigv4/presign.ts";
import { newSigningKey, openSigningKeys, type SigningKeys, writeKeys } from "./signing-keys.ts";

/** What a rotation did. */
export interface Rotation {
  /** The id of the key that signs from now on. */
  readonly signs: string;
  /** The ids of those that still verify. */
  readonly verify: readonly string[];
  /** The ids of those that are gone: slots that they signed are void. */
  readonly removed: readonly string[];
}

/**
 * Puts a new key first in a folder's `signing-keys.json`. The others verify until no slot of theirs can be valid any
 * more, which is seven days after they were retired, and are removed by the next rotation after that. A slotd that
 * runs on the folder has the new keys two seconds later, and one that makes the first key meanwhile ends with these.
 * Two rotations at once would lose a key: whoever calls this sees to it that it is alone.
 *
 * @param forgets removes every other key at once, for one that has become known.
 * @throws {SigningKeysError} when the file is damaged; it stays as it is then.
 */
export async function rotateSigningKeys(
  folder: string,
  forgets: boolean,
  deps: { readonly randomBytes: (length: number) => Uint8Array; readonly now: () => Date },
): Promise<Rotation> {
  const before = await openSigningKeys(folder, deps.randomBytes);
  const now = deps.now();
  const retired = before.map((key) => ({ ...key, retired: key.retired ?? now }));
  const oldest = now.getTime() - MAX_EXPIRES * 1000;
  const kept = forgets ? [] : retired.filter((key) => key.retired.getTime() > oldest);
  const fresh = newSigningKey(deps.randomBytes);
  const keys: SigningKeys = [fresh, ...kept];
  await writeKeys(folder, keys, deps.randomBytes, replaceAsOwner);
  const ids = kept.map((key) => key.accessKeyId);
  const gone = before.map((key) => key.accessKeyId).filter((id) => !ids.includes(id));
  return { signs: fresh.accessKeyId, verify: ids, removed: gone };
}

/** Root may rotate the keys of the user that runs slotd, who must be able to read them afterwards. */
async function replaceAsOwner(temporary: string, path: string): Promise<void> {
  const { uid, gid } = await stat(path);
  await chown(temporary, uid, gid);
  await rename(temporary, path);
}
