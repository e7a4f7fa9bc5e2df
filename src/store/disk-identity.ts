import { chown, link, open, rename, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, nodeFiles, syncFolder } from "./disk-files.ts";
import { decodeIdentity, encodeIdentity, type FoundIdentity, type StoreIdentity } from "./store-identity.ts";

/** More than any identity takes; what is longer is none. */
const mostBytes = 4096;

/** The identity of a data folder: the file store-identity.json in it. */
export function diskIdentity(
  folder: string,
  { randomBytes }: { readonly randomBytes: (length: number) => Uint8Array },
): StoreIdentity {
  const path = join(folder, "store-identity.json");
  const read = async (): Promise<FoundIdentity> => {
    const text = await readShort(path);
    const id = text === undefined ? undefined : decodeIdentity(text);
    return id === undefined ? { is: "none" } : { is: "found", id, isOld: false };
  };
  /** What is there and is no identity is damaged, and of no use to anybody. */
  const place = async (temporary: string): Promise<void> => {
    try {
      await link(temporary, path);
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
      if ((await read()).is !== "found") await rename(temporary, path);
    }
  };
  const write = async (id: string): Promise<boolean> => {
    const temporary = `${path}.${Buffer.from(randomBytes(8)).toString("hex")}`;
    try {
      await writeSynced(temporary, folder, encodeIdentity(id));
      await place(temporary);
      await syncFolder(nodeFiles, folder);
      return true;
    } catch (error) {
      if (["EACCES", "EPERM", "EROFS"].includes(codeOf(error) ?? "")) return false;
      throw error;
    } finally {
      await unlink(temporary).catch(() => undefined);
    }
  };
  // Nothing removes a file because it is old.
  return { read, write, renew: async () => true };
}

async function readShort(path: string): Promise<string | undefined> {
  try {
    const file = await open(path, "r");
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(mostBytes), 0, mostBytes, 0);
      return buffer.toString("utf8", 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(error) ?? "")) return undefined;
    throw error;
  }
}

/** A command that root runs writes it for the user that runs slotd, who has the folder. */
async function writeSynced(path: string, folder: string, text: string): Promise<void> {
  const file = await open(path, "wx", 0o640);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(folder);
  await chown(path, uid, gid);
}
