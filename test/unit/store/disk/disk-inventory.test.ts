import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { diskInventory } from "../../../../src/store/disk/disk-inventory.ts";
import { openDiskStore } from "../../../../src/store/disk/disk-store.ts";
import type { Inventory, StoredObject } from "../../../../src/store/inventory.ts";
import type { ObjectStore } from "../../../../src/store/object-store.ts";
import { inventoryContract } from "../../../contract/inventory.ts";
import { bodyOf, meta, tokenOf } from "../../../contract/object-store.ts";

let folder: string;
let store: ObjectStore;

async function openStore(): Promise<[string, ObjectStore]> {
  const folder = await mkdtemp(join(tmpdir(), "slotd-inventory-"));
  return [folder, await openDiskStore(folder, { now: () => new Date(), randomBytes })];
}

beforeAll(async () => {
  [folder, store] = await openStore();
});
afterAll(() => rm(folder, { recursive: true }));

inventoryContract("a data folder", () => ({
  inventory: diskInventory(folder),
  put: (token, filename, content) =>
    store.put(meta({ token, filename, size: Buffer.byteLength(content) }), bodyOf(content)),
}));

async function listed(inventory: Inventory): Promise<StoredObject[]> {
  const objects: StoredObject[] = [];
  for await (const object of inventory.list()) objects.push(object);
  return objects;
}

describe("the inventory of a data folder", () => {
  test("tells when an object expires", async () => {
    const [own, store] = await openStore();
    const expiry = new Date("2030-01-02T03:04:05Z");
    await store.put(meta({ size: 5, expiry }), bodyOf("hello"));
    expect(await listed(diskInventory(own))).toMatchObject([{ token: tokenOf(1), expiry }]);
    await rm(own, { recursive: true });
  });

  test("tells what is damaged, and leaves out what is no object of slotd's", async () => {
    const [own, store] = await openStore();
    await store.put(meta({ size: 5 }), bodyOf("hello"));
    const shard = join(own, "objects", tokenOf(1).slice(0, 2));
    truncateSync(join(shard, tokenOf(1)), 7);
    writeFileSync(join(shard, "notes.txt"), "x");
    mkdirSync(join(shard, `${tokenOf(1).slice(0, 2)}${"0".repeat(30)}`));
    symlinkSync("/etc/passwd", join(shard, `${tokenOf(1).slice(0, 2)}${"1".repeat(30)}`));
    const objects = await listed(diskInventory(own));
    expect(objects).toHaveLength(1);
    expect(objects[0]).toMatchObject({ token: tokenOf(1), damage: expect.stringContaining("damaged") });
    expect(await diskInventory(own).sizeOf({ token: tokenOf(1), filename: "a.txt" })).toBeUndefined();
    await rm(own, { recursive: true });
  });

  test("is empty where there is no folder yet", async () => {
    const inventory = diskInventory(join(folder, "not", "there"));
    expect(await listed(inventory)).toEqual([]);
    expect(await inventory.remove([{ token: tokenOf(1), filename: "a" }])).toEqual([]);
  });

  test("takes nothing for a token that leads elsewhere", async () => {
    const inventory = diskInventory(folder);
    const object = { token: "../../../../etc/passwd", filename: "a" };
    expect(await inventory.sizeOf(object)).toBeUndefined();
    expect(await inventory.remove([object])).toEqual([]);
  });
});
