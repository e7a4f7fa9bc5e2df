import { access, open, statfs, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Bytes } from "../../slot/slot.ts";
import { type Finding, ok, warn, wrong } from "../finding.ts";
import type { Check } from "../run-checks.ts";
import { findServiceUser, findUnusable } from "./service-user.ts";

export interface FolderContext {
  /** `disk.path`; it may not be there yet. */
  readonly folder: string;
  readonly maxFileSize: Bytes | undefined;
  readonly randomBytes: (size: number) => Uint8Array;
  /** The user of the slotd that runs; undefined: none does, or it did not say. */
  readonly runningUid?: number | undefined;
  /** The file of an SQLite ledger. */
  readonly ledger?: string | undefined;
}

/** Whether files can be kept in the folder. */
export const folderChecks: readonly Check<FolderContext>[] = [
  { name: "writable", needs: [], run: checkWritable },
  { name: "owner", needs: [], run: checkOwner },
  { name: "space", needs: [], run: checkSpace },
];

const SLOW_SYNC = 1_000;

/** Writes a small file as uploads are written: the content and then the folder are synced. */
async function checkWritable(context: FolderContext): Promise<Finding> {
  const folder = await nearestFolder(context.folder);
  const path = join(folder, `.slotd-check.${Buffer.from(context.randomBytes(8)).toString("hex")}`);
  const begun = performance.now();
  try {
    await writeSynced(path, folder);
  } catch (error) {
    return wrong(
      `slotd cannot write to ${folder}: ${error instanceof Error ? error.message : String(error)}.`,
      "Give the user that runs slotd write access, or correct disk.path; some network file systems do not support fsync.",
    );
  } finally {
    await unlink(path).catch(() => undefined);
  }
  const took = Math.round(performance.now() - begun);
  const place = folder === context.folder ? folder : `${folder}, where slotd will create ${context.folder},`;
  if (took > SLOW_SYNC) {
    return warn(
      `${place} is writable, but syncing a small file to the disk took ${took} ms.`,
      "Every upload waits for this. Check whether the disk is overloaded or remote.",
    );
  }
  return ok(`${place} is writable; syncing a small file to the disk (fsync) took ${took} ms.`);
}

async function writeSynced(path: string, folder: string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile("slotd check\n");
    await file.sync();
  } finally {
    await file.close();
  }
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Who runs the check may do more than the service, or less; what root has made the service may not even read. */
async function checkOwner({ folder, runningUid, ledger }: FolderContext): Promise<Finding> {
  const user = await findServiceUser({ runningUid, folder });
  const isRoot = process.getuid?.() === 0;
  if (user === undefined) {
    return ok(
      isRoot
        ? "The check tested the folder as root. If slotd runs as another user, run the check as that user for a better result."
        : "The check tested the folder as its own user.",
    );
  }
  const unusable = await findUnusable(user, folder, ledger);
  if (unusable.length === 0)
    return ok(`The user ${user.name}, which runs slotd, can use the files in the folder.`);
  const list = unusable.map(({ path, uid, mode }) => `${path} (of user ${uid}, mode ${mode.toString(8)})`);
  return wrong(
    `slotd runs as the user ${user.name}, which cannot read and write ${list.join(", ")}.`,
    `Change the owner, for example with "chown -R ${user.name}: ${folder}", and run slotd's commands as that user (sudo -u ${user.name} slotd ...).`,
  );
}

async function checkSpace(context: FolderContext): Promise<Finding> {
  const { bsize, blocks, bavail, files, ffree } = await statfs(await nearestFolder(context.folder));
  const free = bavail * bsize;
  const text = `${megabytes(free)} are free for files`;
  const advice = "Free space on that file system, or move disk.path to a larger one.";
  if (files > 0 && ffree === 0)
    return wrong("The file system has no inodes left: slotd cannot create files.", advice);
  if (free < (context.maxFileSize ?? 1_000_000)) {
    return wrong(`Only ${text}: a file of the maximum size does not fit.`, advice);
  }
  if (blocks > 0 && bavail / blocks < 0.05) return warn(`${text}, less than 5 % of the file system.`, advice);
  return ok(`${text}.`);
}

function megabytes(bytes: Bytes): string {
  return bytes < 10_000_000_000
    ? `${Math.floor(bytes / 1_000_000)} MB`
    : `${Math.floor(bytes / 1_000_000_000)} GB`;
}

/** The folder itself, or the nearest one above it that is there. */
async function nearestFolder(folder: string): Promise<string> {
  for (let path = folder; ; path = dirname(path)) {
    const isThere = await access(path).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code !== "ENOENT" && error.code !== "ENOTDIR",
    );
    if (isThere || dirname(path) === path) return path;
  }
}
