import { createHash } from "node:crypto";
import type { Bytes } from "../slot/slot.ts";
import type { SourceContent, SourceFile } from "../sources/source.ts";
import type { OpenObject } from "../store/object-store.ts";
import type { ImportTarget } from "./import-target.ts";
import type { PlannedFile } from "./plan-file.ts";
import type { RateLimit } from "./rate-limit.ts";

/** What each piece waits for before it is passed on. */
export type Pace = Pick<RateLimit, "take">;

/** The source could not be read; the cause says why. */
export class UnreadableError extends Error {
  readonly code = "unreadable";
  constructor(cause: unknown) {
    super(cause instanceof Error && "code" in cause ? String(cause.code) : "it cannot be read", { cause });
    this.name = "UnreadableError";
  }
}

/** The file was another one the second time. */
export class ChangedError extends Error {
  readonly code = "changed";
  constructor(message: string) {
    super(message);
    this.name = "ChangedError";
  }
}

/** What is stored is not what was read; it was removed. */
export class OtherContentError extends Error {
  readonly code = "other-content";
  constructor() {
    super("the stored file has another SHA-256 than what was read; it was removed");
    this.name = "OtherContentError";
  }
}

/** What was stored. */
export interface StoredFile {
  readonly size: Bytes;
  /** 64 lowercase hex digits; of what was read, and of what is stored. */
  readonly sha256: string;
}

/**
 * Copies a file into the store and makes sure that what is stored is what was read: the store checks the SHA-256 that
 * was computed before, or what is stored is read back.
 *
 * @throws {UnreadableError} {ChangedError} {OtherContentError}, and what the store throws; nothing is stored then.
 */
export async function storeFile(planned: PlannedFile, target: ImportTarget, rate: Pace): Promise<StoredFile> {
  const { open } = target;
  return open === undefined
    ? storeChecked(planned, target, rate)
    : storeAndReadBack(planned, target, open, rate);
}

async function storeChecked(planned: PlannedFile, { sink }: ImportTarget, rate: Pace): Promise<StoredFile> {
  const first = await hashSource(planned.file);
  if (first.size !== planned.file.size) throw sizeChanged();
  const content = await openSource(planned.file);
  try {
    await sink.put({ ...metaOf(planned, first.size), sha256: first.sha256 }, readSource(content, rate));
    return first;
  } finally {
    await content.close();
  }
}

async function storeAndReadBack(
  planned: PlannedFile,
  { sink, inventory }: ImportTarget,
  open: NonNullable<ImportTarget["open"]>,
  rate: Pace,
): Promise<StoredFile> {
  const { token, filename } = planned;
  const content = await openSource(planned.file);
  try {
    const { size } = content;
    if (size !== planned.file.size) throw sizeChanged();
    const hash = createHash("sha256");
    await sink.put(metaOf(planned, size), readSource(content, rate, hash));
    const sha256 = hash.digest("hex");
    const object = await open(token);
    const stored = object === undefined ? undefined : await hashObject(object);
    if (stored === sha256) return { size, sha256 };
    await inventory.remove([{ token, filename }]);
    throw new OtherContentError();
  } finally {
    await content.close();
  }
}

function sizeChanged(): ChangedError {
  return new ChangedError("its size changed while it was read");
}

function metaOf({ token, filename, contentType, uploaded, expiry }: PlannedFile, size: Bytes) {
  return { token, filename, size, contentType, expiry, created: uploaded };
}

/** The size and SHA-256 of a source's file. @throws {UnreadableError} */
export async function hashSource(file: SourceFile): Promise<StoredFile> {
  const content = await openSource(file);
  try {
    const hash = createHash("sha256");
    let size = 0;
    for await (const chunk of readSource(content)) {
      hash.update(chunk);
      size += chunk.length;
    }
    return { size, sha256: hash.digest("hex") };
  } finally {
    await content.close();
  }
}

/** The SHA-256 of an object, which is closed then. */
export async function hashObject(object: OpenObject): Promise<string> {
  try {
    const hash = createHash("sha256");
    if (object.content !== undefined) return hash.update(object.content).digest("hex");
    const buffer = Buffer.allocUnsafe(pieceSize);
    for (let position = 0; position < object.size; ) {
      const read = await object.read(buffer, Math.min(pieceSize, object.size - position), position);
      if (read === 0) break;
      hash.update(buffer.subarray(0, read));
      position += read;
    }
    return hash.digest("hex");
  } finally {
    await object.close();
  }
}

const pieceSize: Bytes = 256 * 1024;

async function openSource(file: SourceFile): Promise<SourceContent> {
  try {
    return await file.open();
  } catch (error) {
    throw new UnreadableError(error);
  }
}

/** @param hash is told of each piece before it is given away. */
async function* readSource(
  content: SourceContent,
  rate?: Pace,
  hash?: { update(chunk: Uint8Array): unknown },
): AsyncGenerator<Uint8Array> {
  const pieces = content.read()[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await pieces.next().catch((error: unknown) => {
        throw new UnreadableError(error);
      });
      if (next.done === true) return;
      hash?.update(next.value);
      await rate?.take(next.value.length);
      yield next.value;
    }
  } finally {
    await pieces.return?.();
  }
}
