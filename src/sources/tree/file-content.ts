import { closeSync, fstatSync, read as readCallback } from "node:fs";
import { promisify } from "node:util";
import type { SourceContent } from "../source.ts";
import type { OpenFolder } from "./open-folder.ts";

const read = promisify(readCallback);
const piece = 256 * 1024;

/** A file changed, or ended early, while it was read. */
export class ChangedFileError extends Error {
  readonly code = "source-file-changed";
  constructor(message: string) {
    super(message);
    this.name = "ChangedFileError";
  }
}

/**
 * Opens a regular file of a former service.
 *
 * @throws when it is no regular file, or cannot be read. Its content throws a `ChangedFileError` where it is not what it
 *   was when it was opened.
 */
export function openContent(folder: OpenFolder, name: string): SourceContent {
  const fd = folder.openFile(name);
  const { size } = fstatSync(fd);
  let isOpen = true;
  return {
    size,
    read: () => pieces(fd),
    async close() {
      if (isOpen) closeSync(fd);
      isOpen = false;
    },
  };
}

async function* pieces(fd: number): AsyncGenerator<Uint8Array> {
  const before = fstatSync(fd);
  let at = 0;
  while (at < before.size) {
    const bytes = Buffer.allocUnsafeSlow(Math.min(piece, before.size - at));
    const { bytesRead } = await read(fd, bytes, 0, bytes.length, at);
    if (bytesRead === 0) throw new ChangedFileError("The file became shorter while it was read.");
    at += bytesRead;
    yield bytesRead === bytes.length ? bytes : bytes.subarray(0, bytesRead);
  }
  const after = fstatSync(fd);
  if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) {
    throw new ChangedFileError("The file changed while it was read.");
  }
}
