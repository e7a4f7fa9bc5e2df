import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { truncateSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { type Difference, differenceOf, mergeByToken, pairsOf } from "../../../src/admin/agree.ts";
import type { Premises } from "../../../src/admin/premises.ts";
import { type Mending, type ReconcileOptions, reconcile } from "../../../src/admin/reconcile.ts";
import type { FileState, LedgerFile } from "../../../src/ledger/ledger.ts";
import type { StoredObject } from "../../../src/store/inventory.ts";
import { openScene, type Scene } from "./premises-fixture.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterEach(() => scene.clear());
afterAll(() => scene.stop());

async function compare(change: Partial<ReconcileOptions> = {}, premises: Premises = scene.premises) {
  const found: { kind: Difference["kind"]; token: string; mending: Mending }[] = [];
  const outcome = await reconcile(premises, {
    now: () => new Date(),
    fix: false,
    deleteUnknown: false,
    signal: new AbortController().signal,
    onDifference: (difference, mending) => {
      const { token } = "object" in difference ? difference.object : difference.file;
      found.push({ kind: difference.kind, token, mending });
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
    await scene.ledger.doom([await scene.upload()]);
    await scene.ledger.doom([await scene.reserve()]);
    expect(await compare()).toMatchObject({ found: [], looked: 9, left: 0, sums: [], isWhole: true });
  });

  test("differ by a file that is not in the store; mending forgets it", async () => {
    await scene.upload();
    const lost = await scene.upload();
    await scene.premises.domains[0].inventory.remove([{ token: lost, filename: "a.txt" }]);
    expect(await compare()).toMatchObject({
      found: [{ kind: "missing", token: lost, mending: "left" }],
      left: 1,
    });
    expect(await compare({ fix: true })).toMatchObject({
      found: [{ kind: "missing", token: lost, mending: "mended" }],
      left: 0,
    });
    expect(await scene.ledger.find(lost)).toBeUndefined();
    expect(await holding()).toEqual([{ jid: "alice@example.org", files: 1, bytes: 32 }]);
    expect(await compare()).toMatchObject({ found: [], left: 0 });
  });

  test("differ by an object that the ledger does not know; mending enters it, with its expiry", async () => {
    const token = randomBytes(16).toString("hex");
    const expiry = new Date("2040-01-01T00:00:00Z");
    await scene.put(token, 0, expiry);
    expect((await compare()).found).toEqual([{ kind: "unknown", token, mending: "left" }]);
    expect((await compare({ fix: true })).found).toEqual([{ kind: "unknown", token, mending: "mended" }]);
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
    expect(found).toEqual([{ kind: "unknown", token, mending: "removed" }]);
    expect([await scene.store.has(token), await scene.store.has(stays)]).toEqual([false, true]);
    expect(await scene.ledger.find(token)).toBeUndefined();
  });

  test("differ by a size; mending takes the store's, for the same owner", async () => {
    const token = await scene.reserve({ purpose: "profile" });
    await scene.put(token, 10);
    await scene.ledger.complete(token, 5, () => {
      throw new Error("not asked for");
    });
    expect((await compare({ fix: true })).found).toEqual([{ kind: "other-size", token, mending: "mended" }]);
    expect(await scene.ledger.find(token)).toMatchObject({
      ...{ jid: "alice@example.org", purpose: "profile", state: "complete", size: 42 },
    });
    expect(await holding()).toEqual([{ jid: "alice@example.org", files: 1, bytes: 42 }]);
  });

  test("differ by a file larger than its slot in a bucket that clients PUT to; it is removed", async () => {
    const [domain] = scene.premises.domains;
    const s3 = { upload: "direct" } as NonNullable<typeof domain.config.s3>;
    const premises = {
      ...scene.premises,
      domains: [{ ...domain, config: { ...domain.config, s3 } }] as const,
    };
    const larger = [await scene.upload(), await scene.reserve()];
    await scene.premises.domains[0].inventory.remove(larger.map((token) => ({ token, filename: "a.txt" })));
    for (const token of larger) await scene.put(token, 10);
    const { found } = await compare({ ...later, fix: true }, premises);
    expect(found.toSorted((a, b) => a.kind.localeCompare(b.kind))).toEqual([
      { kind: "not-completed", token: larger[1] ?? "", mending: "removed" },
      { kind: "other-size", token: larger[0] ?? "", mending: "removed" },
    ]);
    for (const token of larger) {
      expect([await scene.store.has(token), String((await scene.ledger.find(token))?.state)]).toEqual([
        ...[false, "doomed"],
      ]);
    }
    expect(await holding()).toEqual([]);
    expect((await compare({}, premises)).found).toEqual([]);
  });

  test("differ by an upload that was never completed; mending completes it", async () => {
    const token = await scene.reserve();
    await scene.put(token);
    expect((await compare()).found).toEqual([]);
    expect((await compare({ ...later, fix: true })).found).toEqual([
      { kind: "not-completed", token, mending: "mended" },
    ]);
    expect((await scene.ledger.find(token))?.state).toBe("complete");
  });

  test("differ by a damaged object, which nothing mends", async () => {
    const token = await scene.upload();
    truncateSync(join(scene.folder, "data/objects", token.slice(0, 2), token), 10);
    expect(await compare({ fix: true })).toMatchObject({
      found: [{ kind: "damaged", token, mending: "left" }],
      left: 1,
    });
    expect((await scene.ledger.find(token))?.state).toBe("complete");
  });

  test("are compared no further after an interruption, and nothing is mended then", async () => {
    for (let i = 0; i < 10; i += 1) await scene.put(randomBytes(16).toString("hex"));
    const controller = new AbortController();
    const onProgress = (looked: number) => looked === 3 && controller.abort();
    const { found, isWhole } = await compare({ fix: true, signal: controller.signal, onProgress });
    expect([found.length, isWhole]).toEqual([3, false]);
    expect((await compare()).found).toHaveLength(7);
  });
});

describe("two sides", () => {
  const states: readonly FileState[] = ["reserved", "complete", "lapsed", "doomed"];
  const file = (token: string, state: FileState = "complete") =>
    ({ token, state, size: 1, filename: "a" }) as LedgerFile;
  const object = (token: string) => ({ token, size: 1, filename: "a" }) as StoredObject;
  async function* stream<Item>(items: readonly Item[]) {
    yield* items;
  }
  const tokens = fc.uniqueArray(
    fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 4 }),
  );

  test("are brought together by token, each item once, whatever they hold", async () => {
    await fc.assert(
      fc.asyncProperty(tokens, tokens, async (left, right) => {
        const pairs = await Array.fromAsync(
          pairsOf(stream(left.toSorted().map((token) => file(token))), stream(right.toSorted().map(object))),
        );
        expect(pairs.flatMap((pair) => pair.file?.token ?? [])).toEqual(left.toSorted());
        expect(pairs.flatMap((pair) => pair.object?.token ?? [])).toEqual(right.toSorted());
        expect(pairs.map(({ token }) => token)).toEqual([...new Set([...left, ...right])].toSorted());
      }),
      { numRuns: 200 },
    );
  });

  test("are merged in order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(tokens, { maxLength: 4 }), async (lists) => {
        const merged = mergeByToken(lists.map((list) => stream(list.toSorted().map(object))));
        const found = (await Array.fromAsync(merged)).map(({ token }) => token);
        expect(found).toEqual(lists.flat().toSorted());
      }),
      { numRuns: 100 },
    );
  });

  test("differ only where the ledger is wrong about the store", () => {
    const kinds = states.map((state) => [
      differenceOf({ token: "a", file: file("a", state), object: undefined }, new Date())?.kind,
      differenceOf({ token: "a", file: file("a", state), object: object("a") }, new Date())?.kind,
    ]);
    expect(kinds).toEqual([
      [undefined, "not-completed"],
      ["missing", undefined],
      [undefined, "not-completed"],
      [undefined, undefined],
    ]);
  });
});
