import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { removeExpiredObjects } from "../../../src/admin/expired-objects.ts";
import { findFile, removeFile, removeFilesOf } from "../../../src/admin/remove.ts";
import { openScene, type Scene } from "./open-domains-fixture.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterEach(() => scene.clear());
afterAll(() => scene.stop());

const now = () => new Date();
const going = { now, signal: new AbortController().signal, onProgress: () => undefined };

describe("a file that is removed by hand", () => {
  test("is gone from the store and from the ledger, and no other is", async () => {
    const [token, stays] = [await scene.upload(), await scene.upload()];
    const found = await findFile(scene.openDomains, token, undefined);
    expect(await removeFile(found!, now)).toEqual([]);
    expect([await scene.store.has(token), await scene.store.has(stays)]).toEqual([false, true]);
    expect(await scene.ledger.usage({})).toMatchObject([{ files: 1 }]);
    expect(await findFile(scene.openDomains, token, undefined)).toBeUndefined();
  });

  test("is found in the store when the ledger does not know it", async () => {
    const token = randomBytes(16).toString("hex");
    await scene.put(token);
    const found = await findFile(scene.openDomains, token, "a.txt");
    expect(found?.file).toBeUndefined();
    expect(await removeFile(found!, now)).toEqual([]);
    expect(await scene.store.has(token)).toBe(false);
    expect(await findFile(scene.openDomains, token, "a.txt")).toBeUndefined();
  });

  test("stays pending deletion while its PUT URL, or an upload that it began, may bring it once more", async () => {
    const token = await scene.upload();
    const { ledger } = scene;
    const [putUntil, hours] = [Date.now() + 60_000, 3_600_000];
    await removeFile((await findFile(scene.openDomains, token, undefined))!, now);
    const file = await ledger.find(token);
    expect(file?.state).toBe("pending-deletion");
    expect(Math.abs((file?.askAt?.getTime() ?? 0) - putUntil - 10_000)).toBeLessThan(5_000);
    await scene.put(token);
    const found = await findFile(scene.openDomains, token, undefined);
    await removeFile(found!, () => new Date(putUntil + 25 * hours));
    expect(await scene.store.has(token)).toBe(false);
    expect(await ledger.find(token)).toBeUndefined();
  });

  test("stays pending deletion while its slot may still be used", async () => {
    const token = await scene.reserve();
    await removeFile((await findFile(scene.openDomains, token, undefined))!, now);
    expect((await scene.ledger.find(token))?.state).toBe("pending-deletion");
  });
});

describe("a JID that is purged", () => {
  test("has no file any more, in the store or in the ledger; others keep theirs", async () => {
    const own = await Promise.all(Array.from({ length: 20 }, () => scene.upload()));
    const bobs = await scene.upload({ jid: "bob@example.org" });
    const counts: number[] = [];
    const removed = await removeFilesOf(scene.openDomains, "alice@example.org", {
      ...going,
      onProgress: (files) => counts.push(files),
    });
    expect(removed).toEqual({ files: 20, bytes: 640, notRemoved: [], isWhole: true });
    expect(counts).toEqual([20]);
    for (const token of own) expect(await scene.store.has(token)).toBe(false);
    expect(await scene.store.has(bobs)).toBe(true);
    const held = (await scene.ledger.usage({})).map(({ jid, files }) => [jid, files]);
    expect(held).toEqual([
      ["alice@example.org", 0],
      ["bob@example.org", 1],
    ]);
  });

  test("and is purged again counts nothing twice, and loses what has come meanwhile", async () => {
    const [, token] = [await scene.upload(), await scene.reserve()];
    expect(await removeFilesOf(scene.openDomains, "alice@example.org", going)).toMatchObject({ files: 2 });
    await scene.put(token);
    expect(await removeFilesOf(scene.openDomains, "alice@example.org", going)).toMatchObject({ files: 0 });
    expect(await scene.store.has(token)).toBe(false);
  });

  test("keeps its files when it is interrupted before the first", async () => {
    const token = await scene.upload();
    const removed = await removeFilesOf(scene.openDomains, "alice@example.org", {
      ...going,
      signal: AbortSignal.abort(),
    });
    expect(removed).toMatchObject({ files: 0, isWhole: false });
    expect(await scene.store.has(token)).toBe(true);
  });
});

describe("what has expired where no ledger is kept", () => {
  const expiry = new Date("2026-01-01T00:00:00Z");
  const before = new Date(expiry.getTime() - 1);

  test("is removed by what the objects themselves say", async () => {
    const own = await openScene('ledger.url = "none"\n');
    const [expired, lasting] = [randomBytes(16).toString("hex"), randomBytes(16).toString("hex")];
    await own.put(expired, 0, expiry);
    await own.put(lasting);
    expect(await removeExpiredObjects(own.openDomains, before, false, going)).toMatchObject({ files: 0 });
    expect(await removeExpiredObjects(own.openDomains, expiry, true, going)).toMatchObject({ files: 1 });
    expect(await own.store.has(expired)).toBe(true);
    expect(await removeExpiredObjects(own.openDomains, expiry, false, going)).toEqual({
      ...{ files: 1, bytes: 32, notRemoved: [], isWhole: true },
    });
    expect([await own.store.has(expired), await own.store.has(lasting)]).toEqual([false, true]);
    await own.stop();
  });

  test("is left to the ledger where there is one", async () => {
    const token = randomBytes(16).toString("hex");
    await scene.put(token, 0, expiry);
    expect(await removeExpiredObjects(scene.openDomains, new Date(), false, going)).toMatchObject({
      files: 0,
    });
    expect(await scene.store.has(token)).toBe(true);
  });
});
