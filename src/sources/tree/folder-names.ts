import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, readdirSync, readSync, statSync } from "node:fs";
import { openScratchFile } from "../scratch/scratch-file.ts";
import { SourceError } from "../source.ts";
import type { OpenFolder } from "./open-folder.ts";

/** A folder's own size, up to which its names are few: ext4 needs about 64 KiB for 1,500 of them. */
const smallFolder = 64 * 1024;

const piece = 64 * 1024;

/**
 * The names in a folder, in any order, as their bytes: a name need not be UTF-8.
 *
 * Bun's `opendir` reads all names at once, 220 bytes of memory for each. A folder that is large by its own size is
 * therefore listed by find(1) into a scratch file of a byte for each byte of the names, and read from there: 64 KiB of
 * memory, whatever the number. Where there is no find, and on file systems that tell no size, it is `readdir` again.
 *
 * @param scratch an existing folder.
 * @throws a system error when the folder cannot be read.
 */
export async function* folderNames(folder: OpenFolder, scratch: string): AsyncGenerator<Buffer> {
  const listed =
    folder.use((path) => statSync(path).size) > smallFolder ? await list(folder, scratch) : undefined;
  if (listed === undefined) yield* folder.use((path) => readdirSync(path, { encoding: "buffer" }));
  else yield* split(listed);
}

/** @returns a descriptor of the list, which the caller closes; undefined when there is no find. */
async function list(folder: OpenFolder, scratch: string): Promise<number | undefined> {
  const fd = openScratchFile(scratch);
  try {
    const child = folder.use((path) =>
      spawn("find", [".", "-mindepth", "1", "-maxdepth", "1", "-print0"], {
        // Also in the child, "self" is not this process any more.
        cwd: path.replace("self", String(process.pid)),
        stdio: ["ignore", fd, "ignore"],
      }),
    );
    const [code] = await once(child, "close");
    if (code === 0) return fd;
    throw new SourceError(
      `The names in ${folder.place || "the folder"} cannot be listed: find ended with ${code}.`,
    );
  } catch (error) {
    closeSync(fd);
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function* split(fd: number): Generator<Buffer> {
  try {
    let rest = Buffer.alloc(0);
    for (let at = 0; ; ) {
      const bytes = Buffer.allocUnsafe(piece);
      const length = readSync(fd, bytes, 0, piece, at);
      if (length === 0) return;
      at += length;
      const text =
        rest.length === 0 ? bytes.subarray(0, length) : Buffer.concat([rest, bytes.subarray(0, length)]);
      let from = 0;
      for (let end = text.indexOf(0); end >= 0; end = text.indexOf(0, from)) {
        // Each is "./NAME".
        yield text.subarray(from + 2, end);
        from = end + 1;
      }
      rest = text.subarray(from);
    }
  } finally {
    closeSync(fd);
  }
}
