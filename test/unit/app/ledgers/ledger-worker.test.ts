import { afterEach, beforeEach, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LedgerWorker, observerOf } from "../../../../src/app/ledgers/ledger-worker.ts";
import { LedgerAwayError } from "../../../../src/ledger/errors.ts";
import type { Ledger } from "../../../../src/ledger/ledger.ts";
import { createLog } from "../../../../src/ops/log.ts";
import { Metrics } from "../../../../src/ops/metrics.ts";
import { diskInventory } from "../../../../src/store/disk/disk-inventory.ts";
import { openDiskStore } from "../../../../src/store/disk/disk-store.ts";
import type { Inventory } from "../../../../src/store/inventory.ts";
import type { ObjectStore } from "../../../../src/store/object-store.ts";
import { noLimits, type TestLedger } from "../../../contract/ledger.ts";
import { domainOf, minimal } from "../../config/load-text.ts";
import { openTestLedger } from "../../ledger/test-ledger.ts";

const token = "0123456789abcdef";
const object = { token, filename: "a.txt", size: 5, contentType: "text/plain" };
let folder: string;
let store: ObjectStore;
let opened: TestLedger;
let lines: string[];
let clock: number;

beforeEach(async () => {
  clock = Date.UTC(2030, 0, 1);
  folder = await mkdtemp(join(tmpdir(), "slotd-worker-"));
  store = await openDiskStore(folder, { now: () => new Date(clock), randomBytes });
  opened = await openTestLedger(() => new Date(clock));
  lines = [];
});
afterEach(async () => {
  await opened.stop();
  await rm(folder, { recursive: true });
});

async function put(): Promise<void> {
  await store.put(
    object,
    (async function* () {
      yield Buffer.from("hello");
    })(),
  );
}

/** On a ledger of its own. */
async function worker(given?: Ledger): Promise<LedgerWorker> {
  const ledger = given ?? (await opened.again());
  const { logger: log } = createLog({ level: "debug", format: "json" }, (line) => lines.push(line));
  const watchers = {
    log,
    metrics: new Metrics(),
    monotonic: () => performance.now(),
    reference: () => "ref1",
  };
  return new LedgerWorker(ledger, { watchers, now: () => new Date(clock) });
}

async function nudgedUntil(one: LedgerWorker, isTrue: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await isTrue())) {
    if (performance.now() > end) throw new Error("the sweep did not come to it");
    one.recordOf(domain).evicted([]);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const domain = domainOf(`${minimal}quota.user = 8\n`);
const recorded = () => [{ config: domain, inventory: diskInventory(folder), mayForget: () => true }];

const reserve = (change: object = {}) =>
  opened.ledger.reserve(
    {
      ...{ token, domain: "example.org", jid: "juliet@example.org", purpose: "message", filename: "a.txt" },
      ...{ size: 5, putUntil: new Date(clock + 60_000), expires: undefined },
      ...change,
    },
    noLimits,
  );

test("an upload to disk is complete at once", async () => {
  await reserve();
  await put();
  const observer = observerOf([await worker()], ["example.org"]);
  expect(await observer?.stored(object, true)).toBeUndefined();
  expect((await opened.ledger.find(token))?.state).toBe("complete");
});

test("an upload whose slot was given up, and whose place is taken, is removed again", async () => {
  await reserve();
  await opened.ledger.abandon(token, new Date(clock + 3_600_000));
  await reserve({ token: "fedcba9876543210" });
  await put();
  const one = await worker();
  one.use(recorded());
  expect(await observerOf([one], ["example.org"])?.stored(object, true)).toMatchObject({
    kind: "over-quota",
  });
  expect(await store.has(token)).toBe(false);
  expect(await opened.ledger.usage({})).toEqual([expect.objectContaining({ bytes: 5, files: 1 })]);
  await one.stop();
});

test("an upload of a deleted slot is removed again", async () => {
  await reserve();
  await opened.ledger.markForDeletion([token]);
  await put();
  const one = await worker();
  one.use(recorded());
  expect(await observerOf([one], ["example.org"])?.stored(object, true)).toMatchObject({ kind: "expired" });
  expect(await store.has(token)).toBe(false);
  await one.stop();
});

test("an upload whose reserved slot the ledger has forgotten is removed again", async () => {
  await reserve();
  await opened.ledger.forget([token]);
  await put();
  const one = await worker();
  one.use(recorded());
  expect(await observerOf([one], ["example.org"])?.stored(object, true)).toMatchObject({ kind: "expired" });
  expect(await store.has(token)).toBe(false);
  expect(await opened.ledger.find(token)).toBeUndefined();
  await one.stop();
});

test.each(["pending-deletion", "forgotten"])(
  "an upload whose slot is %s and that the store does not let go at once is removed by the sweep",
  async (how) => {
    await reserve();
    if (how === "pending-deletion") await opened.ledger.markForDeletion([token]);
    else await opened.ledger.forget([token]);
    await put();
    const real = diskInventory(folder);
    let fails = 1;
    const inventory: Inventory = {
      list: () => real.list(),
      sizeOf: (name) => real.sizeOf(name),
      remove: (objects) => (fails-- > 0 ? Promise.reject(new Error("busy")) : real.remove(objects)),
    };
    const one = await worker();
    const observer = observerOf([one], ["example.org"]);
    one.use([{ config: domain, inventory, mayForget: () => true }]);
    expect(await observer?.stored(object, true)).toMatchObject({ kind: "expired" });
    await nudgedUntil(one, async () => !(await store.has(token)));
    expect((await opened.ledger.usage({})).filter(({ files }) => files > 0)).toEqual([]);
    await one.stop();
  },
  30_000,
);

test("of several ledgers an upload is looked for in each, and kept when one of them cannot be asked", async () => {
  await put();
  const away = new Proxy(opened.ledger, {
    get: (target, name) =>
      name === "complete"
        ? () => Promise.reject(new LedgerAwayError("it is unplugged"))
        : Reflect.get(target, name),
  });
  const [gone, knows] = [await worker(away), await worker()];
  knows.use(recorded());
  const observer = observerOf([gone, knows], ["example.org"]);
  expect(await observer?.stored(object, true)).toBeUndefined();
  expect(await store.has(token)).toBe(true);
  await reserve();
  await opened.ledger.markForDeletion([token]);
  expect(await observer?.stored(object, true)).toMatchObject({ kind: "expired" });
  expect(await store.has(token)).toBe(false);
  await knows.stop();
});

test("an upload that no ledger knows is kept when its slot was in none: it was made by hand", async () => {
  await put();
  const one = await worker();
  one.use(recorded());
  expect(await observerOf([one], ["example.org"])?.stored(object, false)).toBeUndefined();
  await one.stop();
  expect(await store.has(token)).toBe(true);
});

test("an upload is kept while the ledger is away, which is told once", async () => {
  await put();
  const away = new Proxy(opened.ledger, {
    get: (target, name) =>
      name === "complete"
        ? () => Promise.reject(new LedgerAwayError("it is unplugged"))
        : Reflect.get(target, name),
  });
  const observer = observerOf([await worker(away)], ["example.org"]);
  expect(await observer?.stored(object, true)).toBeUndefined();
  expect(await observer?.stored(object, true)).toBeUndefined();
  expect(await store.has(token)).toBe(true);
  expect(lines.filter((line) => line.includes("it is unplugged")).length).toBe(1);
});

test("a running worker settles what the store has, removes what has expired, and tells no whole token", async () => {
  await reserve({ expires: new Date(clock + 120_000) });
  await put();
  clock += 300_000;
  const one = await worker();
  one.use(recorded());
  await nudgedUntil(one, async () => !(await store.has(token)));
  // Its PUT URL has ended, but an upload that it began may not have.
  await put();
  clock += 25 * 3_600_000;
  await nudgedUntil(one, async () => (await opened.ledger.find(token)) === undefined);
  expect(await store.has(token)).toBe(false);
  expect(await opened.ledger.find(token)).toBeUndefined();
  await one.stop();
  expect(lines.join("")).toContain("Deleted expired files");
  expect(lines.join("")).not.toContain(token);
}, 30_000);

test("nobody is told where nothing is written down", () => {
  expect(observerOf([], [])).toBeUndefined();
});
