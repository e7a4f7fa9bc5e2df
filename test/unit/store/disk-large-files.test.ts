import { afterEach, beforeEach, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { readdirSync, utimesSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeFiles } from "../../../src/store/disk-files.ts";
import { diskInventory } from "../../../src/store/disk-inventory.ts";
import { openDiskStore } from "../../../src/store/disk-store.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { meta } from "../../contract/object-store.ts";

const size = 1024 * 1024;
const half = Buffer.alloc(size / 2, 7);
let folder: string;
let store: ObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "slotd-large-"));
  store = await openDiskStore(folder, { now: () => new Date(), randomBytes }, { fsync: false });
});
afterEach(() => rm(folder, { recursive: true }));

async function* body(end?: () => never) {
  yield new Uint8Array(half);
  yield new Uint8Array(half);
  end?.();
}

/** The real file system, and how many files it was removing at the same time. */
function watchedFiles() {
  const seen = { removed: 0, atOnce: 0, most: 0 };
  const remove = async (path: string): Promise<void> => {
    seen.most = Math.max(seen.most, ++seen.atOnce);
    await nodeFiles.remove(path);
    seen.atOnce -= 1;
    seen.removed += 1;
  };
  return { seen, files: { ...nodeFiles, remove } };
}

test("large files are removed on other threads, two at a time, so that uploads can sync", async () => {
  const objects = Array.from({ length: 8 }, () => ({
    token: randomBytes(16).toString("hex"),
    filename: "a",
  }));
  for (const { token } of objects) await store.put(meta({ token, size }), body());
  const { seen, files } = watchedFiles();
  expect(await diskInventory(folder, files).remove(objects)).toEqual([]);
  expect(seen).toEqual({ removed: 8, atOnce: 0, most: 2 });
  for (const { token } of objects) expect(await store.has(token)).toBe(false);
});

test("what is left of an upload that broke off is removed on another thread", async () => {
  const { seen, files } = watchedFiles();
  const watched = await openDiskStore(folder, { now: () => new Date(), randomBytes, files });
  const broken = body(() => {
    throw new Error("the client has gone");
  });
  const about = meta({ token: randomBytes(16).toString("hex"), size: size + 1 });
  await expect(watched.put(about, broken)).rejects.toThrow("has gone");
  expect(seen).toEqual({ removed: 1, atOnce: 0, most: 1 });
  expect(readdirSync(join(folder, "incoming"))).toEqual([]);
});

test("a large file that was removed during its download can be read to its end", async () => {
  const token = randomBytes(16).toString("hex");
  await store.put(meta({ token, size }), body());
  const object = await store.open(token);
  await diskInventory(folder).remove([{ token, filename: "a" }]);
  expect(await object!.read(Buffer.alloc(5), 5, size - 5)).toBe(5);
  await object!.close();
  await object!.close();
  expect(await object!.read(Buffer.alloc(5), 5, 0)).toBe(0);
});

test("what a dead slotd left behind is removed on other threads, one by one", async () => {
  for (const name of ["0123456789abcdef.0-1-0.00", "fedcba9876543210.elsewhere.00"]) {
    writeFileSync(join(folder, "incoming", name), "a large file");
    utimesSync(join(folder, "incoming", name), 0, 0);
  }
  const { seen, files } = watchedFiles();
  await openDiskStore(folder, { now: () => new Date(), randomBytes, files });
  expect(seen).toEqual({ removed: 2, atOnce: 0, most: 1 });
  expect(readdirSync(join(folder, "incoming"))).toEqual([]);
});
