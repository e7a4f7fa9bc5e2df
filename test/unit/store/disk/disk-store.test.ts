import { afterEach, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { readlinkSync } from "node:fs";
import * as nodeFiles from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Files, nodeFiles as realFiles } from "../../../../src/store/disk/disk-files.ts";
import { openDiskStore } from "../../../../src/store/disk/disk-store.ts";
import {
  bodyOf,
  expectCode,
  meta,
  objectStoreContract,
  readBack,
  tokenOf,
} from "../../../contract/object-store.ts";

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await nodeFiles.rm(folder, { recursive: true });
});

async function newFolder(): Promise<string> {
  const folder = await nodeFiles.mkdtemp(join(tmpdir(), "slotd-disk-"));
  folders.push(folder);
  return folder;
}

/** The pid namespace of this process, as the marks of temporary files name it. */
const namespace = /\d+/.exec(readlinkSync("/proc/self/ns/pid"))![0];

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

  test("forgets an object that is asked for often as soon as its file is gone", async () => {
    const folder = await newFolder();
    const store = await openDiskStore(folder, deps);
    const content = Buffer.from("asked for often");
    const about = meta({ size: content.length });
    await store.put(about, bodyOf(content));
    for (let i = 0; i < 4; i += 1) expect((await readBack(store, about.token)).content).toEqual(content);
    await nodeFiles.rm(join(folder, "objects", about.token.slice(0, 2), about.token));
    await Bun.sleep(6);
    expect(await store.open(about.token)).toBeUndefined();
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
    const dead = Bun.spawnSync(["sh", "-c", "echo $$-$(cut -d' ' -f22 /proc/$$/stat)"])
      .stdout.toString()
      .trim();
    const leftover = join(folder, "incoming", `${tokenOf(2)}.${dead}-${namespace}.0011223344556677`);
    await nodeFiles.writeFile(leftover, "half an upl");
    const store = await openDiskStore(folder, deps);
    expect(await nodeFiles.readdir(join(folder, "incoming"))).toEqual([]);
    expect((await readBack(store, tokenOf(1))).content.toString()).toBe("hello");
  });

  test("leaves alone what a living process has in incoming/, and what it cannot tell until it is old", async () => {
    const folder = await newFolder();
    const first = await openDiskStore(folder, deps);
    const other = Bun.spawn(["sleep", "60"]);
    try {
      const start = (await nodeFiles.readFile(`/proc/${other.pid}/stat`, "latin1"))
        .split(") ")[1]!
        .split(" ")[19];
      const marks = [`${other.pid}-${start}-${namespace}`, `${other.pid}-${start}-1`, "mark"];
      for (const mark of marks) {
        await nodeFiles.writeFile(join(folder, "incoming", `${tokenOf(2)}.${mark}.0011223344556677`), "half");
      }
      const count = async () => (await nodeFiles.readdir(join(folder, "incoming"))).length;
      async function* body() {
        yield Buffer.from("he");
        await openDiskStore(folder, deps);
        expect(await count()).toBe(4);
        const later = () => new Date(Date.now() + 16 * 60_000);
        await openDiskStore(folder, { ...deps, now: later });
        expect(await count()).toBe(2);
        yield Buffer.from("llo");
      }
      await first.put(meta({ size: 5 }), body());
      expect((await readBack(first, tokenOf(1))).content.toString()).toBe("hello");
    } finally {
      other.kill();
      await other.exited;
    }
    await openDiskStore(folder, deps);
    expect(await nodeFiles.readdir(join(folder, "incoming"))).toEqual([]);
  });

  test("does not follow a symbolic link in the place of an object", async () => {
    const folder = await newFolder();
    const store = await openDiskStore(folder, deps);
    await store.put(meta({ size: 5 }), bodyOf("hello"));
    const place = (i: number) => join(folder, "objects", tokenOf(i).slice(0, 2), tokenOf(i));
    await nodeFiles.symlink(place(1), place(2));
    await expectCode(store.open(tokenOf(2)), "ELOOP");
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

  test("has little of a body in memory: it writes before it asks for more", async () => {
    const folder = await newFolder();
    const store = await openDiskStore(folder, deps);
    const sizes: number[] = [];
    async function* body() {
      for (let i = 0; i < 5; i += 1) {
        const [name] = await nodeFiles.readdir(join(folder, "incoming"));
        sizes.push((await nodeFiles.stat(join(folder, "incoming", name!))).size);
        yield Buffer.alloc(150_000, i);
      }
    }
    await store.put(meta({ size: 750_000 }), body());
    expect(sizes).toEqual([0, 0, 300_000, 300_000, 600_000]);
    const { content } = await readBack(store, tokenOf(1));
    expect([0, 1, 2, 3, 4].every((i) => content.indexOf(i) === i * 150_000)).toBe(true);
  });

  test("says that the disk is full when the kernel says so, at the content and at the trailer", async () => {
    const folder = await newFolder();
    // /dev/full fails each write with the real ENOSPC; the temporary file is there beside it, to be removed.
    const open: Files["open"] = (path, flags, mode) => {
      const fd = realFiles.open(path, flags, mode);
      if (flags !== "wx") return fd;
      realFiles.close(fd);
      return realFiles.open("/dev/full", "w");
    };
    const store = await openDiskStore(folder, { ...deps, files: { ...realFiles, open } });
    await expectCode(store.put(meta({ size: 5 }), bodyOf("hello")), "full");
    await expectCode(store.put(meta({ size: 0 }), bodyOf()), "full");
    const large = meta({ size: 300_000 });
    await expectCode(store.put(large, bodyOf("x".repeat(300_000))), "full");
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
    const fail = () => {
      throw failure;
    };
    const open: Files["open"] = (path, flags, mode) =>
      flags === "wx" ? fail() : realFiles.open(path, flags, mode);
    const files = call === "open" ? { ...realFiles, open } : { ...realFiles, link: fail };
    const store = await openDiskStore(folder, { ...deps, files });
    await expectCode(store.put(meta({ size: 5 }), bodyOf("hello")), code);
    expect([await store.has(tokenOf(1)), await filesIn(folder)]).toEqual([false, []]);
  });

  test("takes the object back when its folder cannot be synced", async () => {
    const folder = await newFolder();
    let fails = false;
    const shard = join(folder, "objects", tokenOf(1).slice(0, 2));
    const open: Files["open"] = (path, flags, mode) => {
      if (fails && path === shard) throw new Error("no sync");
      return realFiles.open(path, flags, mode);
    };
    const store = await openDiskStore(folder, { ...deps, files: { ...realFiles, open } });
    fails = true;
    await expect(store.put(meta({ size: 5 }), bodyOf("hello"))).rejects.toThrow("no sync");
    fails = false;
    expect(await filesIn(folder)).toEqual([]);
    await store.put(meta({ size: 5 }), bodyOf("hello"));
    expect(await store.has(tokenOf(1))).toBe(true);
  });

  test("keeps free what is to stay free, with the uploads under way counted", async () => {
    const folder = await newFolder();
    const block = 4096;
    let free = 1_000 * block;
    const statfs = (() => ({ bavail: free / block, bsize: block })) as unknown as Files["statfs"];
    const files = { ...realFiles, statfs };
    const store = await openDiskStore(folder, { ...deps, files }, { reserve: 500 * block });
    const size = 300 * block;
    async function* body() {
      yield Buffer.alloc(100 * block);
      // One third is written, and is no longer counted twice.
      free -= 100 * block;
      await expectCode(store.put(meta({ token: tokenOf(2), size }), bodyOf()), "full");
      await store.put(meta({ token: tokenOf(3), size: 200 * block }), bodyOf("x".repeat(200 * block)));
      yield Buffer.alloc(200 * block);
    }
    await store.put(meta({ size }), body());
    free = 500 * block + size - 1 - ((500 * block + size - 1) % block);
    await expectCode(store.put(meta({ token: tokenOf(4), size }), bodyOf()), "full");
    free += block;
    await expectCode(store.put(meta({ token: tokenOf(4), size }), bodyOf("x")), "wrong-length");
    await store.put(meta({ token: tokenOf(4), size }), bodyOf("x".repeat(size)));
    expect(await filesIn(folder)).toHaveLength(3);
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
