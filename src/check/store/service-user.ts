import type { Stats } from "node:fs";
import { lstat, readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** The user that slotd runs as, with the groups that it is in. */
export interface ServiceUser {
  readonly uid: number;
  readonly gids: ReadonlySet<number>;
  /** Its name; its number where it has none. */
  readonly name: string;
}

/** What `findServiceUser` goes by. */
export interface UserHints {
  /** Of the slotd that runs. */
  readonly runningUid: number | undefined;
  /** `disk.path`. */
  readonly folder: string;
  /** The files of the system, for tests: /etc/passwd and /etc/group when absent. */
  readonly passwd?: string;
  readonly group?: string;
}

/** How the user of a package and of the unit is called. */
const USUAL_NAME = "slotd";

/**
 * The user that slotd runs as: that of the slotd that runs; else the owner of the data folder, unless that is root; else
 * the user "slotd". undefined when none of them tells it. Only users in /etc/passwd have a name and groups.
 */
export async function findServiceUser(hints: UserHints): Promise<ServiceUser | undefined> {
  const { passwd = "/etc/passwd", group = "/etc/group" } = hints;
  const users = await linesOf(passwd);
  const groups = await linesOf(group);
  const owner = await lstat(hints.folder).catch(() => undefined);
  const usual = users.find(([name]) => name === USUAL_NAME)?.[2];
  const uid =
    hints.runningUid ?? (owner?.uid || undefined) ?? (usual === undefined ? undefined : Number(usual));
  if (uid === undefined) return undefined;
  const entry = users.find(([, , id]) => Number(id) === uid);
  const [name = String(uid)] = entry ?? [];
  const own = entry?.[3] === undefined ? [] : [Number(entry[3])];
  const others = groups.filter((fields) => (fields[3] ?? "").split(",").includes(name));
  return { uid, name, gids: new Set([...own, ...others.map((fields) => Number(fields[2]))]) };
}

async function linesOf(path: string): Promise<readonly (readonly string[])[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text.split("\n").map((line) => line.split(":"));
}

/** Something that the user cannot read and write. */
export interface Unusable {
  readonly path: string;
  readonly uid: number;
  /** The permission bits. */
  readonly mode: number;
}

/** What is told of at most. */
const mostUnusable = 5;

/**
 * What slotd keeps in its data folder, and the file of its ledger, that the user cannot use by owner, group and mode:
 * the folder, what lies in it, and the folders one below. Access control lists are not looked at. Costs a look at each
 * of some hundred files, however many objects there are.
 */
export async function findUnusable(
  user: ServiceUser,
  folder: string,
  ledger: string | undefined,
): Promise<readonly Unusable[]> {
  const paths = [folder, ...(await below(folder, () => true))];
  for (const name of ["objects", "incoming"]) {
    paths.push(...(await below(join(folder, name), (entry) => entry.isDirectory())));
  }
  if (ledger !== undefined) paths.push(dirname(ledger), ledger);
  const found: Unusable[] = [];
  for (const path of new Set(paths)) {
    const stat = await lstat(path).catch(() => undefined);
    if (stat === undefined || mayUse(stat, user)) continue;
    found.push({ path, uid: stat.uid, mode: stat.mode & 0o777 });
    if (found.length === mostUnusable) break;
  }
  return found;
}

async function below(
  folder: string,
  isWanted: (entry: { isDirectory(): boolean }) => boolean,
): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter(isWanted).map(({ name }) => join(folder, name));
}

/** Source: POSIX, "file access permissions": only the first class that fits counts. */
function mayUse(
  stat: Pick<Stats, "uid" | "gid" | "mode"> & { isDirectory(): boolean },
  user: ServiceUser,
): boolean {
  if (user.uid === 0) return true;
  const bits = stat.uid === user.uid ? stat.mode >> 6 : user.gids.has(stat.gid) ? stat.mode >> 3 : stat.mode;
  const needed = stat.isDirectory() ? 0o7 : 0o6;
  return (bits & needed) === needed;
}
