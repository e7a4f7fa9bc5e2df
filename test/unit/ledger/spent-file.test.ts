import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addressToken } from "../../../src/address/address-token.ts";
import { LedgerAwayError } from "../../../src/ledger/errors.ts";
import { SpentFile } from "../../../src/ledger/spent-file.ts";
import type { Inventory } from "../../../src/store/inventory.ts";
import { rememberingInventory } from "../../../src/store/spent-addresses.ts";

const space = "upload.example.org";
const spentToken = addressToken(space, "path 1");
const otherToken = addressToken(space, "path 2");
const ownToken = "0123456789abcdef";

let folder = "";
const open: SpentFile[] = [];

function spentFile(): SpentFile {
  const file = new SpentFile(join(folder, "spent.db"));
  open.push(file);
  return file;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "slotd-spent-"));
});
afterEach(async () => {
  for (const file of open.splice(0)) await file.close();
  await rm(folder, { recursive: true });
});

test("is not there before the first address is spent, and then for all processes", async () => {
  const [one, other] = [spentFile(), spentFile()];
  expect(await one.has(spentToken)).toBe(false);
  expect(await readdir(folder)).toEqual([]);
  await other.add([spentToken]);
  expect([await one.has(spentToken), await one.has(otherToken)]).toEqual([true, false]);
});

test("is opened again after it was closed, and knows what it knew", async () => {
  const file = spentFile();
  await file.add([spentToken]);
  const generation = await file.generationOf(space, "mark");
  await file.close();
  expect(await file.has(spentToken, generation)).toBe(true);
  expect(await file.generationOf(space, "another mark")).toBe(generation + 1);
});

test("follows another volume that comes to its place", async () => {
  const file = spentFile();
  await file.add([spentToken]);
  await rename(folder, `${folder}-away`);
  await mkdir(folder);
  expect(await file.has(spentToken)).toBe(false);
  await file.add([otherToken]);
  expect([await file.has(spentToken), await file.has(otherToken)]).toEqual([false, true]);
  await rm(folder, { recursive: true });
  await rename(`${folder}-away`, folder);
  expect([await file.has(spentToken), await file.has(otherToken)]).toEqual([true, false]);
});

test("takes at most 100 bytes for an address", async () => {
  const file = spentFile();
  const count = 20_000;
  await file.add(Array.from({ length: count }, (_, i) => addressToken(space, `path ${i}`)));
  await file.close();
  const { size } = await stat(join(folder, "spent.db"));
  expect(size / count).toBeLessThan(60);
});

test("fails where it cannot be read, so that nothing is uploaded or deleted then", async () => {
  await writeFile(join(folder, "spent.db"), "this is no database at all, but a text that is long enough");
  await expect(spentFile().has(spentToken)).rejects.toThrow(LedgerAwayError);
  await expect(spentFile().add([spentToken])).rejects.toThrow(LedgerAwayError);
});

test("an inventory remembers what it removes, before it removes it, and slots of slotd's own never", async () => {
  const file = spentFile();
  const removed: string[] = [];
  const inventory: Inventory = {
    async *list() {},
    sizeOf: () => Promise.resolve(1),
    async remove(objects) {
      for (const { token } of objects) {
        expect(await file.has(token)).toBe(token !== ownToken);
        removed.push(token);
      }
      return [{ token: otherToken, reason: "it stays" }];
    },
  };
  const remembering = rememberingInventory(inventory, file);
  const objects = [spentToken, ownToken].map((token) => ({ token, filename: "a.txt" }));
  expect(await remembering.remove(objects)).toEqual([{ token: otherToken, reason: "it stays" }]);
  expect(removed).toEqual([spentToken, ownToken]);
  expect(await remembering.sizeOf({ token: ownToken, filename: "" })).toBe(1);
});

test("an inventory that cannot remember removes nothing from an address", async () => {
  let isRemoved = false;
  const inventory: Inventory = {
    async *list() {},
    sizeOf: () => Promise.resolve(1),
    remove: async () => {
      isRemoved = true;
      return [];
    },
  };
  await writeFile(join(folder, "spent.db"), "this is no database at all, but a text that is long enough");
  const remembering = rememberingInventory(inventory, spentFile());
  await expect(remembering.remove([{ token: spentToken, filename: "" }])).rejects.toThrow(LedgerAwayError);
  expect(isRemoved).toBe(false);
  await remembering.remove([{ token: ownToken, filename: "" }]);
  expect(isRemoved).toBe(true);
});
