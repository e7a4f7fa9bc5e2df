import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { tokenOf } from "../../../src/import/addressing.ts";
import { LedgerAwayError } from "../../../src/ledger/errors.ts";
import { noLimits } from "../../../src/ledger/ledger.ts";
import type { SourceItem } from "../../../src/sources/source.ts";
import { PutError } from "../../../src/store/object-store.ts";
import { readBack } from "../../contract/object-store.ts";
import { type ImportScene, now, openImportScene, options, sourceFile } from "./import-fixture.ts";

let scene: ImportScene;
beforeEach(async () => {
  scene = await openImportScene();
});
afterEach(() => scene.stop());

const tokenFor = (path: string): string => tokenOf({ path }, options.addressing) ?? "";
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

describe("an import", () => {
  test("stores a file with its name, type and time, and enters it complete for its owner", async () => {
    const { tally, isWhole } = await scene.run([sourceFile("u/a b.txt", "hello")]);
    expect([isWhole, tally.taken, tally.left, tally.notes]).toEqual([true, { files: 1, bytes: 5 }, {}, {}]);
    const token = tokenFor("u/a b.txt");
    const uploaded = new Date("2026-11-01T10:00:00Z");
    const object = await scene.store.open(token);
    expect(object).toMatchObject({ filename: "a b.txt", contentType: "text/plain", created: uploaded });
    expect((await readBack(scene.store, token)).content.toString()).toBe("hello");
    await object?.close();
    expect(await scene.ledger.find(token)).toMatchObject({
      ...{ state: "complete", domain: "example.org", jid: "alice@example.org", purpose: "message" },
      ...{ filename: "a b.txt", size: 5, completed: uploaded, expires: undefined },
    });
    expect(scene.listed).toMatchObject([
      { planned: { urls: ["https://old.example.org/up/u/a%20b.txt"] }, stored: { sha256: sha256("hello") } },
    ]);
    expect(await scene.ledger.audit()).toEqual([]);
  });

  test("counts what has no owner for the domain, and says how many", async () => {
    const { tally } = await scene.run([
      sourceFile("a", "1", { owner: undefined }),
      sourceFile("b", "22", { owner: "Bob@Example.org" }),
    ]);
    expect(tally.notes).toEqual({ "owner-unknown": 1 });
    const usage = await scene.ledger.usage({});
    expect(usage.map(({ jid, bytes }) => [jid, bytes])).toEqual([
      ["bob@example.org", 2],
      ["example.org", 1],
    ]);
  });

  test("takes only what is new the second time, and does not read the rest", async () => {
    await scene.run([sourceFile("a", "1")]);
    const unread = sourceFile("a", "1", { open: () => Promise.reject(new Error("was read")) });
    const { tally } = await scene.run([unread, sourceFile("b", "2")]);
    expect([tally.present, tally.taken, tally.left]).toEqual([
      { files: 1, bytes: 1 },
      { files: 1, bytes: 1 },
      {},
    ]);
  });

  test("compares the content of what is there when it is told to", async () => {
    await scene.run([sourceFile("a", "1")]);
    const { tally } = await scene.run([sourceFile("a", "2")], { comparesContent: true });
    expect(tally.left).toEqual({ "same-url": 1 });
    expect((await readBack(scene.store, tokenFor("a"))).content.toString()).toBe("1");
  });

  test.each([
    ["of another size", "22", {}],
    ["of another time and content", "2", { uploaded: new Date("2026-11-02T00:00:00Z") }],
  ])("reports two files for one URL: %s", async (_, content, about) => {
    const { tally } = await scene.run([
      sourceFile("a", "1"),
      sourceFile("a", content, { ...about, place: "x" }),
    ]);
    expect([tally.taken.files, tally.left]).toEqual([1, { "same-url": 1 }]);
    expect(scene.remarks).toMatchObject([{ what: "same-url", place: "x" }]);
  });

  test("enters what a killed run has stored only when its content is the same", async () => {
    const about = {
      filename: "a",
      contentType: "text/plain",
      size: 1,
      created: new Date("2026-11-01T10:00:00Z"),
    };
    for (const [path, content] of [
      ["good", "1"],
      ["bad", "x"],
    ] as const) {
      const body = sourceFile(path, content)
        .open()
        .then((opened) => opened.read());
      await scene.store.put({ ...about, token: tokenFor(path) }, await body);
    }
    const { tally } = await scene.run([sourceFile("good", "1"), sourceFile("bad", "2")]);
    expect([tally.taken.files, tally.left]).toEqual([1, { "same-url": 1 }]);
    expect(await scene.ledger.find(tokenFor("bad"))).toBeUndefined();
  });

  test("leaves out what was deleted since, whether the ledger or the spent addresses know it", async () => {
    await scene.run([sourceFile("marked", "1")]);
    await scene.ledger.markForDeletion([tokenFor("marked")]);
    scene.spent.add(tokenFor("forgotten"));
    const { tally } = await scene.run([sourceFile("marked", "1"), sourceFile("forgotten", "2")]);
    expect([tally.taken.files, tally.left]).toEqual([0, { deleted: 2 }]);
    expect(await scene.store.has(tokenFor("forgotten"))).toBe(false);
  });

  test("remembers what the former service knew to be gone, unless its upload may still come", async () => {
    const gone = (path: string, issued?: Date): SourceItem => ({
      kind: "gone",
      address: { path },
      place: path,
      issued,
    });
    const young = new Date(now.getTime() - 3_600_000);
    const { tally } = await scene.run([gone("old"), gone("young", young)]);
    expect([tally.gone, tally.left]).toEqual([1, { "metadata-without-file": 1 }]);
    expect([...scene.spent]).toEqual([tokenFor("old")]);
    await scene.run([gone("young", young)], { uploadsMayTake: 0 });
    expect(scene.spent.has(tokenFor("young"))).toBe(true);
  });

  test("counts the former service's time from the upload, and slotd's from now", async () => {
    const items = [
      sourceFile("old", "1"),
      sourceFile("new", "2", { uploaded: new Date("2026-11-20T00:00:00Z") }),
    ];
    const { tally } = await scene.run(items, { keptFor: { by: "former", seconds: 10 * 86_400 } });
    expect(tally.left).toEqual({ expired: 1 });
    const expires = new Date("2026-11-30T00:00:00Z");
    expect(await scene.ledger.find(tokenFor("new"))).toMatchObject({ expires });
    expect((await scene.target.finder.find({ token: tokenFor("new"), filename: "" }))?.expiry).toEqual(
      expires,
    );
    await scene.run([sourceFile("own", "1")], { keptFor: { by: "own", seconds: 86_400 } });
    expect(await scene.ledger.find(tokenFor("own"))).toMatchObject({
      expires: new Date("2026-11-26T12:00:00Z"),
    });
  });

  test("evicts nothing, though the quota is full and its files may be evicted", async () => {
    await scene.run([sourceFile("a", "1"), sourceFile("b", "2"), sourceFile("c", "3")]);
    expect((await scene.ledger.sums(["example.org"])).total.files).toBe(3);
    // The next slot finds them counted.
    const limits = { ...noLimits, user: { bytes: 3, files: undefined } };
    const slot = {
      token: "ab".repeat(16),
      domain: "example.org",
      jid: "alice@example.org",
      purpose: "message",
    };
    const about = { filename: "d", size: 1, putUntil: new Date(now.getTime() + 60_000), expires: undefined };
    expect(await scene.ledger.reserve({ ...slot, ...about }, limits)).toMatchObject({
      over: "user",
      used: 3,
    });
  });

  test("leaves out what is too large, and what the source could not read", async () => {
    const unreadable = sourceFile("b", "2", {
      open: () => Promise.reject(Object.assign(new Error(), { code: "EIO" })),
    });
    const { tally } = await scene.run([sourceFile("a", "12345"), unreadable], { maxFileSize: 4 });
    expect(tally.left).toEqual({ "too-large": 1, unreadable: 1 });
    expect(scene.remarks.map(({ detail }) => detail)).toEqual(["5 bytes; at most 4 are taken", "EIO"]);
  });

  test("leaves out what changed while it was read, with nothing of it stored", async () => {
    const grown = sourceFile("a", "123", { size: 2 });
    const { tally } = await scene.run([grown]);
    expect(tally.left).toEqual({ changed: 1 });
    expect(await scene.store.has(tokenFor("a"))).toBe(false);
  });

  test("removes what is stored with other bytes than were read", async () => {
    const target = { ...scene.target, open: async () => scene.store.open(tokenFor("other")) };
    await scene.run([sourceFile("other", "xx")]);
    const { tally } = await scene.run([sourceFile("a", "11")], {}, { target });
    expect(tally.left).toEqual({ failed: 1 });
    expect([await scene.store.has(tokenFor("a")), await scene.ledger.find(tokenFor("a"))]).toEqual([
      false,
      undefined,
    ]);
  });

  test("stops when the store is full, and enters what it has stored", async () => {
    let puts = 0;
    const sink = {
      ...{ has: () => Promise.resolve(false) },
      put: (...args: Parameters<typeof scene.store.put>) => {
        puts += 1;
        return puts > 2
          ? Promise.reject(new PutError("full", "The disk is full."))
          : scene.store.put(...args);
      },
    };
    const files = Array.from({ length: 20 }, (_, i) => sourceFile(`f${i}`, "1"));
    const outcome = await scene.run(files, { parallel: 1 }, { target: { ...scene.target, sink } });
    expect(outcome).toMatchObject({
      isWhole: false,
      stoppedBy: "The store takes no more files: The disk is full.",
    });
    expect([outcome.tally.taken.files, puts]).toEqual([2, 3]);
    expect((await scene.ledger.sums(["example.org"])).total.files).toBe(2);
  });

  test("stops between two files at a signal, and says that it is not complete", async () => {
    const stop = new AbortController();
    async function* endless() {
      for (let i = 0; ; i += 1) {
        if (i === 5) stop.abort();
        yield sourceFile(`f${i}`, "1");
      }
    }
    const outcome = await scene.run(endless(), {}, { signal: stop.signal });
    expect([outcome.isWhole, outcome.stoppedBy, outcome.tally.taken.files]).toEqual([false, undefined, 5]);
    expect((await scene.ledger.sums(["example.org"])).total.files).toBe(5);
  });

  test("waits for a ledger that is busy, and fails when it stays away", async () => {
    let calls = 0;
    const busyFor = (times: number) => ({
      find: (token: string) => scene.ledger.find(token),
      adopt: (file: Parameters<typeof scene.ledger.adopt>[0]) =>
        calls++ < times ? Promise.reject(new LedgerAwayError("busy.")) : scene.ledger.adopt(file),
    });
    expect((await scene.run([sourceFile("a", "1")], {}, { ledger: busyFor(3) })).tally.taken.files).toBe(1);
    const away = scene.run([sourceFile("b", "1")], {}, { ledger: busyFor(1_000) });
    await expect(away).rejects.toThrow("The ledger's database is unavailable");
    // The next run enters it.
    expect((await scene.run([sourceFile("b", "1")])).tally.taken.files).toBe(1);
  });

  test("writes nothing in a dry run", async () => {
    const { tally } = await scene.run([sourceFile("a", "1")], { isDryRun: true });
    expect(tally.taken).toEqual({ files: 1, bytes: 1 });
    expect([await scene.store.has(tokenFor("a")), scene.listed.length]).toEqual([false, 0]);
    expect(await scene.ledger.find(tokenFor("a"))).toBeUndefined();
  });

  test("works without a ledger: what the store has is there", async () => {
    await scene.run([sourceFile("a", "1")], {}, { ledger: undefined });
    const { tally } = await scene.run([sourceFile("a", "1")], {}, { ledger: undefined });
    expect([tally.present.files, tally.taken.files]).toEqual([1, 0]);
  });

  test("makes names fit", async () => {
    const long = `${"é".repeat(200)}\\.jpeg`;
    await scene.run([sourceFile("a", "1", { filename: long })]);
    const file = await scene.ledger.find(tokenFor("a"));
    expect(Buffer.byteLength(file?.filename ?? "")).toBeLessThanOrEqual(255);
    expect(file?.filename).toMatch(/^é+\.jpeg$/);
  });
});

test("copies at most so many files at a time, also beside a slow one", async () => {
  let open = 0;
  let most = 0;
  const slow = (path: string) => {
    const file = sourceFile(path, "1");
    return {
      ...file,
      open: async () => {
        most = Math.max(most, ++open);
        await new Promise((resolve) => setImmediate(resolve));
        const content = await file.open();
        return { ...content, close: async () => void open-- };
      },
    };
  };
  await scene.run(
    Array.from({ length: 40 }, (_, i) => slow(`f${i}`)),
    { parallel: 3 },
  );
  expect(most).toBe(3);
});

test("holds to a rate", async () => {
  let time = 0;
  const sleep = async (milliseconds: number) => {
    time += milliseconds;
  };
  const deps = { monotonic: () => time, sleep };
  await scene.run([sourceFile("a", "x".repeat(5000))], { maxRate: 1000 }, deps);
  // Five pieces of 1,000 bytes: each waits for those before it.
  expect(time).toBe(4000);
});
