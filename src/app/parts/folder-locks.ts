import { takeSqliteLock } from "../../lock/sqlite-lock.ts";
import { forOption } from "../option-error.ts";
import { type Around, part } from "../part.ts";
import { type FolderLock, lockedFolder, lockFolder } from "../stores/folder-locks.ts";

/**
 * The right to serve each data folder: paths that lead to one folder have one lock. When slotd stops it is given up at
 * once, for no upload is taken then, and what ends those under way gets along with another slotd.
 */
export const folderLocks = part<FolderLock, string>({
  yields: true,
  async wanted({ config }) {
    const onDisk = config.domains.filter(({ backend }) => backend === "disk");
    const folders = new Map<string, string>();
    for (const path of new Set(onDisk.map(({ disk }) => disk.path))) {
      const folder = await forOption("disk.path", path, () => lockedFolder(path));
      folders.set(folder, folder);
    }
    return folders;
  },
  make: (folder, { deps }) =>
    forOption("disk.path", folder, () =>
      lockFolder(folder, { take: takeSqliteLock, log: deps.watchers.log }),
    ),
});

/** The lock of the folder to which a path leads; undefined where none is served there. */
export async function lockOf(around: Around, path: string): Promise<FolderLock | undefined> {
  return around.of(folderLocks).get(await lockedFolder(path));
}
