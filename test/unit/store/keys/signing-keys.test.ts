import { afterEach, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSigningKeys, SigningKeysError } from "../../../../src/store/keys/signing-keys.ts";

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "slotd-keys-"));
  folders.push(folder);
  return folder;
}

describe("the signing keys", () => {
  test("are made at the first start, for their owner only, and are the same at the next", async () => {
    const folder = await newFolder();
    const keys = await openSigningKeys(folder, randomBytes);
    expect(keys).toHaveLength(1);
    expect(keys[0].accessKeyId).toMatch(/^SLOTD[0-9A-F]{16}$/);
    expect(keys[0].secretAccessKey).toMatch(/^[0-9a-f]{40}$/);
    expect((await stat(join(folder, "signing-keys.json"))).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(["signing-keys.json"]);
    expect(await openSigningKeys(folder, randomBytes)).toEqual(keys);
  });

  test("are the same for all processes that start at once", async () => {
    const folder = await newFolder();
    const all = await Promise.all(Array.from({ length: 10 }, () => openSigningKeys(folder, randomBytes)));
    expect(new Set(all.map((keys) => keys[0].secretAccessKey)).size).toBe(1);
    expect(await readdir(folder)).toEqual(["signing-keys.json"]);
  });

  test("may be several, the signing one first", async () => {
    const folder = await newFolder();
    const [old] = await openSigningKeys(folder, randomBytes);
    const next = { accessKeyId: "NEXT", secretAccessKey: "0123456789abcdef" };
    await writeFile(join(folder, "signing-keys.json"), JSON.stringify({ keys: [next, old] }));
    expect(await openSigningKeys(folder, randomBytes)).toEqual([next, old]);
  });

  test.each([
    ["", "is not JSON"],
    ['{"keys":[{"accessKeyId":"A","secretAccessKey":"topsecrettopsecret"', "is not JSON"],
    ["[]", "has no list of keys"],
    ["null", "has no list of keys"],
    ['{"keys":[]}', "has an empty list of keys"],
    ['{"keys":[{"accessKeyId":"A"}]}', "has an entry that is not a key pair"],
    [
      '{"keys":[{"accessKeyId":"A/B","secretAccessKey":"topsecrettopsecret"}]}',
      "has an entry that is not a key pair",
    ],
    ['{"keys":[{"accessKeyId":"A","secretAccessKey":"short"}]}', "has an entry that is not a key pair"],
  ])("are never replaced when the file is damaged: %j %s", async (text, why) => {
    const folder = await newFolder();
    const path = join(folder, "signing-keys.json");
    await writeFile(path, text);
    const error = await openSigningKeys(folder, randomBytes).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SigningKeysError);
    const { message, code } = error as SigningKeysError;
    expect([message.startsWith(`${path} ${why}`), code]).toEqual([true, "damaged"]);
    expect(message).not.toContain("topsecret");
    expect(await readFile(path, "utf8")).toBe(text);
  });

  test("are refused with the system's error when they cannot be read", async () => {
    const folder = await newFolder();
    await expect(openSigningKeys(join(folder, "missing"), randomBytes)).rejects.toMatchObject({
      code: "ENOENT",
    });
  });
});
