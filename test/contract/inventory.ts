import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import type { Inventory, StoredObject } from "../../src/store/inventory.ts";
import { hardNames } from "./bucket.ts";

/** What the contract needs from the test of one adapter. */
export interface InventoryUnderTest {
  readonly inventory: Inventory;
  /** Stores an object, not through the inventory. */
  put(token: string, filename: string, content: string): Promise<void>;
}

/** The behaviour that every Inventory promises. `get` is asked when a test runs; other objects may be there. */
export function inventoryContract(name: string, get: () => InventoryUnderTest): void {
  const token = () => randomBytes(16).toString("hex");

  describe(`${name} keeps the promises of an inventory`, () => {
    test("lists every object with its name, size and time, ordered by token", async () => {
      const { inventory, put } = get();
      const started = Date.now();
      const wanted = new Map(hardNames.map((filename, i) => [token(), { filename, size: i }]));
      for (const [each, { filename, size }] of wanted) await put(each, filename, "x".repeat(size));
      const listed: StoredObject[] = [];
      for await (const object of inventory.list()) listed.push(object);
      const tokens = listed.map((object) => object.token);
      expect(tokens).toEqual(tokens.toSorted());
      for (const [each, { filename, size }] of wanted) {
        const object = listed.find((candidate) => candidate.token === each);
        expect(object).toMatchObject({ filename, size, expiry: undefined });
        expect(object?.stored.getTime()).toBeWithin(started - 5000, Date.now() + 5000);
      }
    });

    test("tells the size of an object, and that there is none", async () => {
      const { inventory, put } = get();
      const object = { token: token(), filename: "très cool (1).jpg" };
      await put(object.token, object.filename, "hello");
      expect(await inventory.sizeOf(object)).toBe(5);
      expect(await inventory.sizeOf({ ...object, token: token() })).toBeUndefined();
    });

    test("removes these objects and no other, and does not mind those that are not there", async () => {
      const { inventory, put } = get();
      const objects = hardNames.map((filename) => ({ token: token(), filename }));
      for (const { token, filename } of objects) await put(token, filename, "hello");
      const [stays, ...leaving] = objects;
      expect(await inventory.remove([...leaving, { token: token(), filename: "never was there" }])).toEqual(
        [],
      );
      for (const object of leaving) expect(await inventory.sizeOf(object)).toBeUndefined();
      expect(await inventory.sizeOf(stays!)).toBe(5);
      expect(await inventory.remove(leaving)).toEqual([]);
      expect(await inventory.remove([])).toEqual([]);
    });
  });
}
