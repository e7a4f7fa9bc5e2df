import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Ledger, LedgerFile } from "../../../src/ledger/ledger.ts";
import { askStores } from "../../../src/ops/ask-stores.ts";
import { FirstLooks } from "../../../src/ops/first-looks.ts";
import { sweep } from "../../../src/ops/sweep.ts";
import { longestArrival, nextRemoval } from "../../../src/slot/upload-life.ts";
import type { Inventory, ObjectName } from "../../../src/store/inventory.ts";
import { noLimits, type TestLedger } from "../../contract/ledger.ts";
import { openTestLedger } from "../ledger/test-ledger.ts";

const start = Date.UTC(2030, 0, 1);
const minutes = 60_000;
const hours = 60 * minutes;

/** A bucket that clients PUT to behind slotd's back. */
class MemoryBucket implements Inventory {
  readonly objects = new Map<string, number>();
  looks = 0;
  failure: Error | undefined;

  async *list() {}

  async sizeOf({ token }: ObjectName): Promise<number | undefined> {
    this.looks += 1;
    if (this.failure) throw this.failure;
    return this.objects.get(token);
  }

  async remove(objects: readonly ObjectName[]) {
    if (this.failure) throw this.failure;
    for (const { token } of objects) this.objects.delete(token);
    return [];
  }
}

/** How long the PUT URLs are valid. */
const expiresIn = 60;

let clock = start;
let opened: TestLedger;
let ledger: Ledger;
let bucket: MemoryBucket;
let oversized: (readonly [string, number])[];
let count = 0;

beforeEach(async () => {
  clock = start;
  opened = await openTestLedger(() => new Date(clock));
  ledger = opened.ledger;
  bucket = new MemoryBucket();
  oversized = [];
});
afterEach(async () => {
  expect(await ledger.audit()).toEqual([]);
  await opened.stop();
});

const now = () => new Date(clock);
const lastUpload = ({ reserved }: LedgerFile) =>
  new Date(reserved.getTime() + (expiresIn + longestArrival) * 1000);
const inventories = () => new Map([["example.org", bucket]]);
const onOversized = ({ token }: LedgerFile, size: number) => void oversized.push([token, size]);
const stateOf = async (token: string) => (await ledger.find(token))?.state;
const ask = (by: Ledger = ledger) =>
  askStores({
    ...{ ledger: by, inventories: inventories(), limits: () => noLimits, now, lastUpload, onOversized },
    isUnderWay: () => false,
  });
const sweepNow = () =>
  sweep({
    ...{ ledger, inventories: inventories() },
    nextRemoval: ({ reserved }) => nextRemoval({ reserved, expiresIn }, now()),
  });

/** A slot of one byte whose PUT URL is valid for the default of a minute. */
async function give(): Promise<string> {
  count += 1;
  const token = count.toString(16).padStart(16, "0");
  const about = { token, domain: "example.org", jid: "mallory@example.org", purpose: "message" };
  const reservation = { ...about, filename: "a.txt", size: 1, expires: undefined };
  await ledger.reserve({ ...reservation, putUntil: new Date(clock + 1 * minutes) }, noLimits);
  return token;
}

describe("a file that is larger than its slot", () => {
  test("is pending deletion when the store is asked, and then removed; its slot is void", async () => {
    const token = await give();
    bucket.objects.set(token, 18_000_000);
    clock += 6 * minutes;
    expect(await ask()).toMatchObject({ oversized: 1, complete: 0 });
    expect(oversized).toEqual([[token, 18_000_000]]);
    expect(await stateOf(token)).toBe("pending-deletion");
    expect(await ledger.usage({ jid: "mallory@example.org" })).toMatchObject([{ bytes: 0, files: 0 }]);
    // It never was one of the complete files that a sweep counts.
    expect(await sweepNow()).toEqual({ files: 0, bytes: 0, failed: [] });
    expect(bucket.objects.size).toBe(0);
  });

  test("that an upload under way puts there again is removed again until a day later", async () => {
    const token = await give();
    bucket.objects.set(token, 5000);
    clock += 6 * minutes;
    await ask();
    await sweepNow();
    expect(bucket.objects.size).toBe(0);
    bucket.objects.set(token, 5000);
    clock += 23 * hours;
    expect((await sweepNow()).files).toBe(0);
    expect(await stateOf(token)).toBe("pending-deletion");
    bucket.objects.set(token, 5000);
    clock += 1 * hours;
    expect(await sweepNow()).toEqual({ files: 0, bytes: 0, failed: [] });
    expect(bucket.objects.size).toBe(0);
    expect(await stateOf(token)).toBeUndefined();
  });

  test("is found when it replaces one of the right size after the first question", async () => {
    const token = await give();
    bucket.objects.set(token, 1);
    clock += 6 * minutes;
    expect(await ask()).toMatchObject({ complete: 1 });
    bucket.objects.set(token, 4_000_000_000);
    expect(await ask()).toMatchObject({ complete: 0, oversized: 0 });
    clock += 24 * hours;
    expect(await ask()).toMatchObject({ complete: 0, oversized: 1 });
    await sweepNow();
    expect(bucket.objects.size).toBe(0);
    expect(await stateOf(token)).toBeUndefined();
  });

  test("is found by the last question though there was nothing at the first", async () => {
    const token = await give();
    clock += 6 * minutes;
    expect(await ask()).toMatchObject({ abandoned: 1 });
    bucket.objects.set(token, 2);
    clock += 24 * hours;
    expect(await ask()).toMatchObject({ oversized: 1 });
    await sweepNow();
    expect(bucket.objects.size).toBe(0);
    expect(await stateOf(token)).toBeUndefined();
  });

  test("is told once by two that ask at once", async () => {
    bucket.objects.set(await give(), 2);
    clock += 6 * minutes;
    await Promise.all([ask(), ask(await opened.again())]);
    expect(oversized).toHaveLength(1);
  });

  test("stays known until a store that fails removes it", async () => {
    const token = await give();
    bucket.objects.set(token, 2);
    clock += 6 * minutes;
    await ask();
    bucket.failure = new Error("out of reach");
    expect((await sweepNow()).failed).toHaveLength(1);
    bucket.failure = undefined;
    await sweepNow();
    expect(bucket.objects.size).toBe(0);
    expect(await stateOf(token)).toBe("pending-deletion");
  });
});

describe("a file in a bucket that clients PUT to", () => {
  test("costs two requests, and keeps its place when it is as large as its slot or smaller", async () => {
    const tokens = [await give(), await give()];
    bucket.objects.set(tokens[0] ?? "", 1);
    bucket.objects.set(tokens[1] ?? "", 0);
    for (const wait of [6 * minutes, 24 * hours, 24 * hours]) {
      clock += wait;
      await ask();
    }
    expect(bucket.looks).toBe(4);
    expect(await ledger.usage({})).toMatchObject([{ bytes: 1, files: 2 }]);
  });

  test("costs few requests when the store never tells its size", async () => {
    const token = await give();
    bucket.failure = new Error("a HEAD was answered with 400");
    for (let minute = 0; minute < 2 * 24 * 60; minute += 1) {
      clock += minutes;
      await ask();
    }
    expect(bucket.looks).toBeLessThan(90);
    expect(await stateOf(token)).toBe("reserved");
    bucket.failure = undefined;
    bucket.objects.set(token, 1);
    clock += 1 * hours;
    expect(await ask()).toMatchObject({ complete: 1 });
  });

  test("that was deleted is removed once more, for an upload that was under way", async () => {
    const token = await give();
    bucket.objects.set(token, 1);
    clock += 6 * minutes;
    await ask();
    await ledger.markForDeletion([token]);
    expect((await sweepNow()).files).toBe(1);
    bucket.objects.set(token, 1);
    clock += 24 * hours;
    await sweepNow();
    expect(bucket.objects.size).toBe(0);
    expect(await stateOf(token)).toBeUndefined();
  });
});

describe("the first look", () => {
  const looks = () => new FirstLooks({ ledger, inventories, onOversized, now });
  const slot = (token: string) => ({ token, domain: "example.org", filename: "a.txt", size: 1 });
  const { signal } = new AbortController();

  test("removes within seconds what is larger, and leaves all else alone", async () => {
    const [larger, right, absent] = [await give(), await give(), await give()];
    const first = looks();
    for (const token of [larger, right, absent]) first.add(slot(token));
    bucket.objects.set(larger, 18_000_000).set(right, 1);
    await first.look(signal);
    expect(bucket.looks).toBe(0);
    clock += 10_000;
    await first.look(signal);
    expect([...bucket.objects.keys()]).toEqual([right]);
    expect(oversized).toEqual([[larger, 18_000_000]]);
    expect(await stateOf(larger)).toBe("pending-deletion");
    expect([await stateOf(right), await stateOf(absent)]).toEqual(["reserved", "reserved"]);
    await first.look(signal);
    expect(bucket.looks).toBe(3);
    // Until its PUT URL has expired it can be put there again; the sweep removes that too.
    bucket.objects.set(larger, 18_000_000);
    expect((await sweepNow()).files).toBe(0);
    clock += 6 * minutes;
    await sweepNow();
    expect(bucket.objects.has(larger)).toBe(false);
  });

  test("costs a bounded number of requests and a bounded memory, whatever is asked for", async () => {
    const first = looks();
    for (let i = 0; i < 20_000; i += 1) first.add(slot(i.toString(16).padStart(16, "f")));
    expect(first.waiting).toBe(5000);
    clock += 10_000;
    await first.look(signal);
    expect(bucket.looks).toBe(100);
    expect(first.waiting).toBe(4900);
  });

  test("of a store that does not answer, or serves no more, is left to the question after the expiry", async () => {
    const token = await give();
    const first = looks();
    first.add(slot(token));
    first.add({ ...slot(token), domain: "gone.example" });
    bucket.objects.set(token, 2);
    bucket.failure = new Error("out of reach");
    clock += 10_000;
    await first.look(signal);
    bucket.failure = undefined;
    expect(await stateOf(token)).toBe("reserved");
    clock += 6 * minutes;
    expect(await ask()).toMatchObject({ oversized: 1 });
  });
});
