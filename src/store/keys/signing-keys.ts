import { link, open, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { type Watched, type WatchOptions, watchFiles } from "./watched.ts";

/** A key pair that signs and verifies the PUT URLs of the disk bucket. */
export interface SigningKey {
  /** Letters and digits; public, it stands in every URL. */
  readonly accessKeyId: string;
  /** Whoever knows it can make slots. */
  readonly secretAccessKey: string;
  /** Since when another key signs in its place; absent for the one that signs. */
  readonly retired?: Date;
}

/** At least one key: the first signs, every one of them verifies. */
export type SigningKeys = readonly [SigningKey, ...SigningKey[]];

/** The key file is there and cannot be used; it is never replaced, because that would void slots without a word. */
export class SigningKeysError extends Error {
  readonly code = "damaged";
  readonly path: string;
  constructor(path: string, why: string, cause?: unknown) {
    super(
      `${path} ${why}. Expected: {"keys":[{"accessKeyId":"…","secretAccessKey":"…"}]}. ` +
        "Restore it from a backup, or remove it: slotd then creates a new key, and the slots issued until then become invalid.",
      { cause },
    );
    this.name = "SigningKeysError";
    this.path = path;
  }
}

/**
 * Reads the key pairs from `signing-keys.json` in `folder`, which must exist, and makes the first one (160 bits
 * of secret) when there is no such file. The file is only for its owner (mode 0600) and is complete or absent:
 * of two processes that start at once, one makes the key and both end with it.
 *
 * `rotateSigningKeys` puts a new pair first.
 *
 * @param randomBytes gives `length` bytes from a cryptographic source.
 * @throws {SigningKeysError} when the file is not a list of key pairs.
 */
export async function openSigningKeys(
  folder: string,
  randomBytes: (length: number) => Uint8Array,
): Promise<SigningKeys> {
  const path = signingKeysPath(folder);
  const keys = await readSigningKeys(folder);
  if (keys !== undefined) return keys;
  await writeKeys(folder, [newSigningKey(randomBytes)], randomBytes, (temporary) =>
    link(temporary, path).catch(undefinedIf("EEXIST")),
  );
  // Read back rather than remembered: another process may have been first.
  return parseKeys(path, await readFile(path, "utf8"));
}

/** The key pairs of a folder; undefined when there is no such file. @throws {SigningKeysError} as `openSigningKeys`. */
async function readSigningKeys(folder: string): Promise<SigningKeys | undefined> {
  const path = signingKeysPath(folder);
  const text = await readFile(path, "utf8").catch(undefinedIf("ENOENT"));
  return text === undefined ? undefined : parseKeys(path, text);
}

/**
 * As `openSigningKeys`, and reads the file again when it changes. While the file is gone, as it is when its volume is
 * not mounted, the keys stay: others would void the slots that were given.
 */
export async function watchSigningKeys(
  folder: string,
  randomBytes: (length: number) => Uint8Array,
  deps: Pick<WatchOptions<SigningKeys>, "onProblem" | "onChange" | "interval">,
): Promise<Watched<SigningKeys>> {
  let last: SigningKeys | undefined;
  const read = async (): Promise<SigningKeys> => {
    last =
      last === undefined
        ? await openSigningKeys(folder, randomBytes)
        : ((await readSigningKeys(folder)) ?? last);
    return last;
  };
  const onChange = (keys: SigningKeys): void => {
    if (JSON.stringify(keys) !== JSON.stringify(former)) deps.onChange?.(keys);
    former = keys;
  };
  const watched = await watchFiles({ ...deps, onChange, paths: [signingKeysPath(folder)], read });
  let former = watched.value;
  return watched;
}

/** Where the keys of a folder are. */
export function signingKeysPath(folder: string): string {
  return join(folder, "signing-keys.json");
}

/** Makes a key pair: 64 bits of name, 160 bits of secret. */
export function newSigningKey(randomBytes: (length: number) => Uint8Array): SigningKey {
  const hex = (length: number) => Buffer.from(randomBytes(length)).toString("hex");
  return { accessKeyId: `SLOTD${hex(8).toUpperCase()}`, secretAccessKey: hex(20) };
}

/** Writes the file beside its place and has `place` put it there: the file is complete or absent. */
export async function writeKeys(
  folder: string,
  keys: SigningKeys,
  randomBytes: (length: number) => Uint8Array,
  place: (temporary: string, path: string) => Promise<unknown>,
): Promise<void> {
  const path = signingKeysPath(folder);
  const temporary = `${path}.${Buffer.from(randomBytes(8)).toString("hex")}`;
  try {
    await writeSynced(temporary, `${JSON.stringify({ keys }, undefined, 2)}\n`);
    await place(temporary, path);
  } finally {
    await unlink(temporary).catch(undefinedIf("ENOENT"));
  }
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeSynced(path: string, text: string): Promise<void> {
  const handle = await open(path, "wx", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function parseKeys(path: string, text: string): SigningKeys {
  const file = parseJson(path, text);
  const list: unknown = typeof file === "object" && file !== null && "keys" in file ? file.keys : undefined;
  if (!Array.isArray(list)) throw new SigningKeysError(path, "has no list of keys");
  const [first, ...others] = list.map((entry: unknown) => parseKey(path, entry));
  if (first === undefined) throw new SigningKeysError(path, "has an empty list of keys");
  return [first, ...others];
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message may quote the secret, so it is not kept as the cause.
    throw new SigningKeysError(path, "is not JSON");
  }
}

function parseKey(path: string, entry: unknown): SigningKey {
  if (typeof entry === "object" && entry !== null && "accessKeyId" in entry && "secretAccessKey" in entry) {
    const { accessKeyId, secretAccessKey } = entry;
    const isId = typeof accessKeyId === "string" && /^[A-Za-z0-9]{1,128}$/.test(accessKeyId);
    if (isId && typeof secretAccessKey === "string" && secretAccessKey.length >= 16) {
      const retired = "retired" in entry ? new Date(String(entry.retired)) : undefined;
      const isRetired = retired !== undefined && !Number.isNaN(retired.getTime());
      return { accessKeyId, secretAccessKey, ...(isRetired && { retired }) };
    }
  }
  throw new SigningKeysError(path, "has an entry that is not a key pair");
}

function undefinedIf(code: string): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof Error && "code" in error && error.code === code)) throw error;
  };
}
