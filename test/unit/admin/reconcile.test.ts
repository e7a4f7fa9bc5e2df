import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { type Difference, differenceOf } from "../../../src/admin/agree.ts";
import { HeldBack } from "../../../src/admin/held-back.ts";
import { mergeByToken, type Placed, pairsOf } from "../../../src/admin/merge.ts";
import type { OpenDomains } from "../../../src/admin/open-domains.ts";
import { type ReconcileOptions, type Repair, reconcile } from "../../../src/admin/reconcile.ts";
import type { FileState, LedgerFile } from "../../../src/ledger/ledger.ts";
import { noLimits } from "../../../src/ledger/ledger.ts";
import type { StoredObject } from "../../../src/store/inventory.ts";
import { openScene, type Scene } from "./open-domains-fixture.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterEach(() => scene.clear());
afterAll(() => scene.stop());

async function compare(change: Partial<ReconcileOptions> = {}, openDomains: OpenDomains = scene.openDomains) {
  const found: { kind: Difference["kind"]; token: string; repair: Repair }[] = [];
  const outcome = await reconcile(openDomains, {
    now: () => new Date(),
    fix: false,
    deleteUnknown: false,
    forgetMany: false,
    deleteMany: false,
    signal: new AbortController().signal,
    onDifference: (difference, repair) => {
      const { token } = "object" in difference ? difference.object : difference.file;
      found.push({ kind: difference.kind, token, repair });
    },
    onProgress: () => undefined,
    ...change,
  });
  return { found, ...outcome };
}

const later = { now: () => new Date(Date.now() + 3_600_000) };
const holding = async () =>
  (await scene.ledger.usage({})).flatMap(({ jid, files, bytes }) => (files > 0 ? { jid, files, bytes } : []));

describe("ledger and store", () => {
  test("agree after uploads, with slots that are still open and files that wait for the sweep", async () => {
    for (let i = 0; i < 5; i += 1) await scene.upload();
    await scene.reserve();
    await scene.put(await scene.reserve());
    await scene.ledger.markForDeletion([await scene.upload()]);
    await scene.ledger.markForDeletion([await scene.reserve()]);
    expect(await compare()).toMatchObject({ found: [], looked: 9, left: 0, sums: [], isWhole: true });
  });

  test("differ by a file that is not in the store; repair forgets it", async () => {
    await scene.upload();
    const lost = await scene.upload();
    await scene.openDomains.domains[0].inventory.remove([{ token: lost, filename: "a.txt" }]);
    expect(await compare()).toMatchObject({
      found: [{ kind: "missing", token: lost, repair: "left" }],
      left: 1,
    });
    expect(await compare({ fix: true })).toMatchObject({
      found: [{ kind: "missing", token: lost, repair: "repaired" }],
      left: 0,
    });
    expect(await scene.ledger.find(lost)).toBeUndefined();
    expect(await holding()).toEqual([{ jid: "alice@example.org", files: 1, bytes: 32 }]);
    expect(await compare()).toMatchObject({ found: [], left: 0 });
  });

  test("differ by an object that the ledger does not know; repair enters it, with its expiry", async () => {
    const token = randomBytes(16).toString("hex");
    const expiry = new Date("2040-01-01T00:00:00Z");
    await scene.put(token, 0, expiry);
    expect((await compare()).found).toEqual([{ kind: "unknown", token, repair: "left" }]);
    expect((await compare({ fix: true })).found).toEqual([{ kind: "unknown", token, repair: "repaired" }]);
    expect(await scene.ledger.find(token)).toMatchObject({
      ...{ jid: "example.org", state: "complete", size: 32, filename: "a.txt", expires: expiry },
    });
    expect(await scene.store.has(token)).toBe(true);
    expect((await compare()).found).toEqual([]);
  });

  test("differ by an object that the ledger does not know; it is removed when that is asked for", async () => {
    const token = randomBytes(16).toString("hex");
    await scene.put(token);
    const stays = await scene.upload();
    const { found } = await compare({ fix: true, deleteUnknown: true });
    expect(found).toEqual([{ kind: "unknown", token, repair: "removed" }]);
    expect([await scene.store.has(token), await scene.store.has(stays)]).toEqual([false, true]);
    expect(await scene.ledger.find(token)).toBeUndefined();
  });

  test("differ by a size; repair takes the store's, for the same owner", async () => {
    const token = await scene.reserve({ purpose: "profile" });
    await scene.put(token, 10);
    await scene.ledger.complete(token, 5, () => noLimits);
    expect((await compare({ fix: true })).found).toEqual([{ kind: "other-size", token, repair: "repaired" }]);
    expect(await scene.ledger.find(token)).toMatchObject({
      ...{ jid: "alice@example.org", purpose: "profile", state: "complete", size: 42 },
    });
    expect(await holding()).toEqual([{ jid: "alice@example.org", files: 1, bytes: 42 }]);
  });

  test("differ by a file larger than its slot in a bucket that clients PUT to; it is removed", async () => {
    const [domain] = scene.openDomains.domains;
    const s3 = { upload: "direct" } as NonNullable<typeof domain.config.s3>;
    const openDomains = {
      ...scene.openDomains,
      domains: [{ ...domain, config: { ...domain.config, s3 } }] as const,
    };
    const larger = [await scene.upload(), await scene.reserve()];
    await scene.openDomains.domains[0].inventory.remove(
      larger.map((token) => ({ token, filename: "a.txt" })),
    );
    for (const token of larger) await scene.put(token, 10);
    const { found } = await compare({ ...later, fix: true }, openDomains);
    expect(found.toSorted((a, b) => a.kind.localeCompare(b.kind))).toEqual([
      { kind: "not-completed", token: larger[1] ?? "", repair: "removed" },
      { kind: "other-size", token: larger[0] ?? "", repair: "removed" },
    ]);
    for (const token of larger) {
      expect([await scene.store.has(token), String((await scene.ledger.find(token))?.state)]).toEqual([
        ...[false, "pending-deletion"],
      ]);
    }
    expect(await holding()).toEqual([]);
    expect((await compare({}, openDomains)).found).toEqual([]);
  });

  test("differ by an upload that was never completed; repair completes it", async () => {
    const token = await scene.reserve();
    await scene.put(token);
    expect((await compare()).found).toEqual([]);
    expect((await compare({ ...later, fix: true })).found).toEqual([
      { kind: "not-completed", token, repair: "repaired" },
    ]);
    expect((await scene.ledger.find(token))?.state).toBe("complete");
  });

  test("differ by a damaged object, which nothing repairs", async () => {
    const token = await scene.upload();
    truncateSync(join(scene.folder, "data/objects", token.slice(0, 2), token), 10);
    expect(await compare({ fix: true })).toMatchObject({
      found: [{ kind: "damaged", token, repair: "left" }],
      left: 1,
    });
    expect((await scene.ledger.find(token))?.state).toBe("complete");
  });

  test("are compared no further after an interruption, and nothing is repaired then", async () => {
    for (let i = 0; i < 10; i += 1) await scene.put(randomBytes(16).toString("hex"));
    const controller = new AbortController();
    const onProgress = (looked: number) => looked === 3 && controller.abort();
    const { found, isWhole } = await compare({ fix: true, signal: controller.signal, onProgress });
    expect([found.length, isWhole]).toEqual([3, false]);
    expect((await compare()).found).toHaveLength(7);
  });
});

describe("more differences than can be accidents", () => {
  const lose = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += 1) {
      const token = await scene.reserve();
      await scene.ledger.complete(token, 32, () => noLimits);
    }
  };
  const known = async () => (await scene.ledger.files({ limit: 1000 })).length;

  test("missing files are forgotten when they are ten; of eleven none is, unless told twice", async () => {
    await scene.upload();
    await lose(10);
    const few = await compare({ fix: true });
    expect(few).toMatchObject({ left: 0, tooManyMissing: undefined });
    expect([few.found.length, await known()]).toEqual([10, 1]);
    await lose(11);
    const many = await compare({ fix: true });
    expect(many).toMatchObject({ left: 11, differences: 11, tooManyMissing: { count: 11, all: 12 } });
    expect([new Set(many.found.map(({ repair }) => repair)), await known()]).toEqual([new Set(["left"]), 12]);
    expect(await compare()).toMatchObject({ left: 11, tooManyMissing: undefined });
    expect(await compare({ fix: true, forgetMany: true })).toMatchObject({ left: 0, differences: 11 });
    expect(await known()).toBe(1);
  });

  test("unknown objects are removed when they are few; a whole store that the ledger does not know is not", async () => {
    for (let i = 0; i < 11; i += 1) await scene.put(randomBytes(16).toString("hex"));
    const asked = { fix: true, deleteUnknown: true };
    expect(await compare(asked)).toMatchObject({ left: 11, tooManyUnknown: { count: 11, all: 11 } });
    expect(await Array.fromAsync(scene.openDomains.domains[0].inventory.list())).toHaveLength(11);
    expect(await compare({ ...asked, deleteMany: true })).toMatchObject({ left: 0, differences: 11 });
    expect(await Array.fromAsync(scene.openDomains.domains[0].inventory.list())).toHaveLength(0);
  });

  test("one part in a hundred is a small share, and what is held back until then has a bound", () => {
    const held = new HeldBack<number>();
    for (let i = 0; i < 2_000_000; i += 1) held.countOne();
    for (let i = 0; i < 20_000; i += 1) expect(held.hold(i)).toEqual([]);
    expect(held.hold(20_000)).toHaveLength(20_001);
    expect(held.hold(20_001)).toEqual([20_001]);
    expect(held.release()).toEqual({ items: [], tooMany: { count: 20_002, all: 2_000_000 } });
    const small = new HeldBack<number>();
    for (let i = 0; i < 1_500; i += 1) small.countOne();
    for (let i = 0; i < 15; i += 1) small.hold(i);
    expect(small.release()).toMatchObject({
      items: Array.from({ length: 15 }, (_, i) => i),
      tooMany: undefined,
    });
    const large = new HeldBack<number>();
    for (let i = 0; i < 1_499; i += 1) large.countOne();
    for (let i = 0; i < 15; i += 1) large.hold(i);
    expect(large.release().tooMany).toEqual({ count: 15, all: 1_499 });
  });
});

describe("a store that is not the one that the ledger knows", () => {
  const data = () => join(scene.folder, "data");

  test("is not compared at all, unless told to forget what is not there; then it is the one", async () => {
    const lost = await scene.upload();
    renameSync(data(), `${data()}-away`);
    mkdirSync(data());
    try {
      for (const change of [{}, { fix: true }, { fix: true, deleteUnknown: true, deleteMany: true }]) {
        await expect(compare(change)).rejects.toMatchObject({ code: "other-store" });
      }
      expect((await scene.ledger.find(lost))?.state).toBe("complete");
      const told = await compare({ fix: true, forgetMany: true });
      expect(told.found).toEqual([{ kind: "missing", token: lost, repair: "repaired" }]);
      expect(await compare()).toMatchObject({ found: [], left: 0 });
      const { id } = JSON.parse(readFileSync(join(data(), "store-identity.json"), "utf8"));
      expect(await scene.ledger.storeIds(["example.org"])).toEqual(new Map([["example.org", id]]));
    } finally {
      await scene.openDomains.acceptStores();
      cpSync(`${data()}-away`, data(), { recursive: true, force: false });
      rmSync(`${data()}-away`, { recursive: true });
    }
  });

  test("is noticed when it goes away during the comparison: nothing is forgotten", async () => {
    const lost = await scene.upload();
    const stays = await scene.upload();
    await scene.openDomains.domains[0].inventory.remove([{ token: lost, filename: "a.txt" }]);
    const onProgress = (looked: number) => {
      if (looked === 2) renameSync(data(), `${data()}-away`);
    };
    try {
      await expect(compare({ fix: true, onProgress })).rejects.toMatchObject({ code: "other-store" });
      expect(await scene.ledger.find(lost)).toBeDefined();
      expect(await scene.ledger.find(stays)).toBeDefined();
    } finally {
      renameSync(`${data()}-away`, data());
    }
  });
});

describe("two sides", () => {
  const states: readonly FileState[] = ["reserved", "complete", "abandoned", "pending-deletion"];
  const file = (token: string, state: FileState = "complete") =>
    ({ token, state, size: 1, filename: "a" }) as LedgerFile;
  const object = (token: string) => ({ token, size: 1, filename: "a" }) as StoredObject;
  /** In pages of one and two, and of none. */
  async function* stream<Item>(items: readonly Item[]) {
    for (let i = 0; i < items.length; i += 3) {
      yield items.slice(i, i + 1);
      yield [];
      yield items.slice(i + 1, i + 3);
    }
  }
  const at = fc.record({
    token: fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 4 }),
    place: fc.nat({ max: 2 }),
  });
  type At = { readonly token: string; readonly place: number };
  const nameOf = ({ token, place }: At) => `${token} ${place}`;
  const items = fc.uniqueArray(at, { selector: nameOf });
  const inOrder = <Item extends At>(all: readonly Item[]) =>
    all.toSorted((a, b) => (a.token === b.token ? a.place - b.place : a.token < b.token ? -1 : 1));
  const filesAt = (all: readonly At[]): Placed<LedgerFile>[] =>
    inOrder(all).map(({ token, place }) => ({ token, place, item: file(token) }));
  const objectsAt = (all: readonly At[]): Placed<StoredObject>[] =>
    inOrder(all).map(({ token, place }) => ({ token, place, item: object(token) }));

  test("are brought together by token and place, each item once, whatever they hold", async () => {
    await fc.assert(
      fc.asyncProperty(items, items, async (left, right) => {
        const pages = pairsOf(stream(filesAt(left)), stream(objectsAt(right)));
        const pairs = (await Array.fromAsync(pages)).flat();
        const having = (side: "file" | "object") =>
          pairs.filter((pair) => pair[side] !== undefined).map(nameOf);
        expect(having("file")).toEqual(inOrder(left).map(nameOf));
        expect(having("object")).toEqual(inOrder(right).map(nameOf));
        const all = new Map([...left, ...right].map((each) => [nameOf(each), each]));
        expect(pairs.map(nameOf)).toEqual(inOrder([...all.values()]).map(nameOf));
      }),
      { numRuns: 200 },
    );
  });

  test("are merged in order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(items, { maxLength: 9 }), async (lists) => {
        const merged = mergeByToken(lists.map((list) => stream(objectsAt(list))));
        const found = (await Array.fromAsync(merged)).flat().map(nameOf);
        expect(found).toEqual(inOrder(lists.flat()).map(nameOf));
      }),
      { numRuns: 200 },
    );
  });

  test("differ only where the ledger is wrong about the store", () => {
    const kinds = states.map((state) => [
      differenceOf({ file: file("a", state), object: undefined }, new Date())?.kind,
      differenceOf({ file: file("a", state), object: object("a") }, new Date())?.kind,
    ]);
    expect(kinds).toEqual([
      [undefined, "not-completed"],
      ["missing", undefined],
      [undefined, "not-completed"],
      [undefined, undefined],
    ]);
  });
});
