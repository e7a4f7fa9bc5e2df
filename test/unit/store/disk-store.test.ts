import { afterEach, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import * as nodeFiles from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Files, openDiskStore } from "../../../src/store/disk-store.ts";
import {
  bodyOf,
  expectCode,
  meta,
  objectStoreContract,
  readBack,
  tokenOf,
} from "../../contract/object-store.ts";

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await nodeFiles.rm(folder, { recursive: true });
});

async function newFolder(): Promise<string> {
  const folder = await nodeFiles.mkdtemp(join(tmpdir(), "slotd-disk-"));
  folders.push(folder);
  return folder;
}

const deps = { now: () => new Date(), randomBytes };

async function filesIn(folder: string): Promise<string[]> {
  const entries = await nodeFiles.readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

objectStoreContract("the disk store", async () => {
  const folder = await newFolder();
  return { store: await openDiskStore(folder, deps), count: async () => (await filesIn(folder)).length };
});

describe("the disk store", () => {
  test("makes its folders, for slotd and its group only", async () => {
    const folder = join(await newFolder(), "new", "data");
    await openDiskStore(folder, deps);
    expect((await nodeFiles.readdir(folder)).sort()).toEqual(["incoming", "objects"]);
    const shards = await nodeFiles.readdir(join(folder, "objects"));
    expect([shards.length, shards.sort()[0], shards[255]]).toEqual([256, "00", "ff"]);
    for (const path of [folder, join(folder, "incoming"), join(folder, "objects", "a0")]) {
      expect((await nodeFiles.stat(path)).mode & 0o027).toBe(0);
    }
  });

  test("puts the content first and the name nowhere in a path", async () => {
    const folder = await newFolder();
    const store = await openDiskStore(folder, deps);
    await store.put(meta({ filename: "../../x", size: 5 }), bodyOf("hello"));
    expect(await filesIn(folder)).toEqual([`objects/${tokenOf(1).slice(0, 2)}/${tokenOf(1)}`]);
    const file = await nodeFiles.readFile(join(folder, "objects", tokenOf(1).slice(0, 2), tokenOf(1)));
    expect(file.subarray(0, 6).toString()).toBe("hello{");
  });

  test("removes what an earlier process left in incoming/ and keeps the objects", async () => {
    const folder = await newFolder();
    await (await openDiskStore(folder, deps)).put(meta({ size: 5 }), bodyOf("hello"));
    await nodeFiles.writeFile(join(folder, "incoming", `${tokenOf(2)}.0011223344556677`), "half an upl");
    const store = await openDiskStore(folder, deps);
    expect(await nodeFiles.readdir(join(folder, "incoming"))).toEqual([]);
    expect((await readBack(store, tokenOf(1))).content.toString()).toBe("hello");
  });

  test("serves a damaged file never, and says which one it is", async () => {
    const folder = await newFolder();
    const store = await openDiskStore(folder, deps);
    await store.put(meta({ size: 5 }), bodyOf("hello"));
    const path = join(folder, "objects", tokenOf(1).slice(0, 2), tokenOf(1));
    await nodeFiles.truncate(path, (await nodeFiles.stat(path)).size - 3);
    await expectCode(store.open(tokenOf(1)), "damaged");
    await expect(store.open(tokenOf(1))).rejects.toThrow(path.slice(0, -56));
    await expect(store.open(tokenOf(1))).rejects.not.toThrow(tokenOf(1));
  });

  test("writes a chunk before it asks for the next one", async () => {
    const folder = await newFolder();
    const store = await openDiskStore(folder, deps);
    const sizes: number[] = [];
    async function* body() {
      for (let i = 0; i < 4; i += 1) {
        const [name] = await nodeFiles.readdir(join(folder, "incoming"));
        sizes.push((await nodeFiles.stat(join(folder, "incoming", name!))).size);
        yield Buffer.alloc(1000);
      }
    }
    await store.put(meta({ size: 4000 }), body());
    expect(sizes).toEqual([0, 1000, 2000, 3000]);
  });

  test("says that the disk is full when the kernel says so, at the content and at the trailer", async () => {
    const folder = await newFolder();
    // /dev/full fails each write with the real ENOSPC; the temporary file is there beside it, to be removed.
    const open: Files["open"] = async (path, flags, mode) => {
      const handle = await nodeFiles.open(path, flags, mode);
      if (flags !== "wx") return handle;
      await handle.close();
      return nodeFiles.open("/dev/full", "w");
    };
    const store = await openDiskStore(folder, { ...deps, files: { ...nodeFiles, open } });
    await expectCode(store.put(meta({ size: 5 }), bodyOf("hello")), "full");
    await expectCode(store.put(meta({ size: 0 }), bodyOf()), "full");
    expect([await store.has(tokenOf(1)), await filesIn(folder)]).toEqual([false, []]);
  });

  test.each([
    ["open", "EDQUOT", "full"],
    ["open", "EROFS", "read-only"],
    ["open", "EACCES", "read-only"],
    ["link", "ENOSPC", "full"],
    ["link", "EROFS", "read-only"],
    ["link", "EIO", "EIO"],
  ] as const)("leaves nothing when %s fails with %s, and says %s", async (call, errno, code) => {
    const folder = await newFolder();
    const failure = Object.assign(new Error(errno), { code: errno });
    const open: Files["open"] = (path, flags, mode) =>
      flags === "wx" ? Promise.reject(failure) : nodeFiles.open(path, flags, mode);
    const files =
      call === "open" ? { ...nodeFiles, open } : { ...nodeFiles, link: () => Promise.reject(failure) };
    const store = await openDiskStore(folder, { ...deps, files });
    await expectCode(store.put(meta({ size: 5 }), bodyOf("hello")), code);
    expect([await store.has(tokenOf(1)), await filesIn(folder)]).toEqual([false, []]);
  });

  test("takes the object back when its folder cannot be synced", async () => {
    const folder = await newFolder();
    let fails = false;
    const shard = join(folder, "objects", tokenOf(1).slice(0, 2));
    const open: Files["open"] = (path, flags, mode) =>
      fails && path === shard ? Promise.reject(new Error("no sync")) : nodeFiles.open(path, flags, mode);
    const store = await openDiskStore(folder, { ...deps, files: { ...nodeFiles, open } });
    fails = true;
    await expect(store.put(meta({ size: 5 }), bodyOf("hello"))).rejects.toThrow("no sync");
    fails = false;
    expect(await filesIn(folder)).toEqual([]);
    await store.put(meta({ size: 5 }), bodyOf("hello"));
    expect(await store.has(tokenOf(1))).toBe(true);
  });

  test("leaves no descriptor open, however a put or an open ends", async () => {
    const folder = await newFolder();
    const store = await openDiskStore(folder, deps);
    const before = (await nodeFiles.readdir("/proc/self/fd")).length;
    for (let i = 0; i < 30; i += 1) {
      await store.put(meta({ token: tokenOf(i), size: 5 }), bodyOf("hello"));
      await store.put(meta({ token: tokenOf(i), size: 5 }), bodyOf("hello")).catch(() => undefined);
      await store.put(meta({ token: tokenOf(i + 100), size: 5 }), bodyOf("hell")).catch(() => undefined);
      await readBack(store, tokenOf(i));
      await store.open(tokenOf(i + 100));
    }
    expect((await nodeFiles.readdir("/proc/self/fd")).length).toBeLessThan(before + 5);
  });
});
