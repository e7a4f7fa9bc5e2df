import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Ledger } from "../../../src/ledger/ledger.ts";
import { askStores } from "../../../src/ops/ask-stores.ts";
import { type SweepDeps, sweep as sweepFiles } from "../../../src/ops/sweep.ts";
import { nextRemoval } from "../../../src/slot/upload-life.ts";
import type { Inventory, ObjectName } from "../../../src/store/inventory.ts";
import { noLimits, type TestLedger } from "../../contract/ledger.ts";
import { openTestLedger } from "../ledger/test-ledger.ts";

const start = Date.UTC(2030, 0, 1);
const minutes = 60_000;

/** A store in memory, which can be told to fail. */
class MemoryStore implements Inventory {
  readonly objects = new Map<string, number>();
  readonly removals: string[][] = [];
  failure: Error | undefined;
  stuck = new Set<string>();

  async *list() {
    for (const [token, size] of this.objects) {
      yield { token, filename: "a.txt", size, stored: new Date(start), expiry: undefined };
    }
  }

  async sizeOf({ token }: ObjectName): Promise<number | undefined> {
    if (this.failure) throw this.failure;
    return this.objects.get(token);
  }

  async remove(objects: readonly ObjectName[]) {
    if (this.failure) throw this.failure;
    this.removals.push(objects.map(({ token }) => token));
    for (const { token } of objects) if (!this.stuck.has(token)) this.objects.delete(token);
    return objects
      .filter(({ token }) => this.stuck.has(token))
      .map(({ token }) => ({ token, reason: "the store says AccessDenied" }));
  }
}

let clock = start;
let opened: TestLedger;
let ledger: Ledger;
let store: MemoryStore;
let other: MemoryStore;
let inventories: Map<string, Inventory>;
let count = 0;

beforeEach(async () => {
  clock = start;
  opened = await openTestLedger(() => new Date(clock));
  ledger = opened.ledger;
  store = new MemoryStore();
  other = new MemoryStore();
  inventories = new Map([
    ["example.org", store],
    ["example.net", other],
  ]);
});
afterEach(async () => {
  expect(await ledger.audit()).toEqual([]);
  await opened.stop();
});

async function reserve(domain = "example.org", expires: number | undefined = undefined): Promise<string> {
  count += 1;
  const token = count.toString(16).padStart(16, "0");
  await ledger.reserve(
    {
      ...{ token, domain, jid: `juliet@${domain}`, purpose: "message", filename: "a.txt", size: 10 },
      putUntil: new Date(clock + 1 * minutes),
      expires: expires === undefined ? undefined : new Date(expires),
    },
    noLimits,
  );
  return token;
}

async function upload(domain = "example.org", expires = start + 10 * minutes): Promise<string> {
  const token = await reserve(domain, expires);
  (domain === "example.org" ? store : other).objects.set(token, 10);
  await ledger.complete(token, 10, () => noLimits);
  return token;
}

async function uploads(howMany: number): Promise<string[]> {
  return Promise.all(Array.from({ length: howMany }, () => upload()));
}

const allTokens = async () => (await ledger.files({ limit: 10_000 })).map(({ token }) => token);

/** Nothing can bring a file any more, where nothing else is said. */
const sweep = (deps: Omit<SweepDeps, "nextRemoval"> & Partial<SweepDeps>) =>
  sweepFiles({ nextRemoval: () => undefined, ...deps });

describe("the sweep", () => {
  test("removes what has expired from its store and then from the ledger, and nothing else", async () => {
    const expired = [await upload(), await upload("example.net")];
    const later = await upload("example.org", start + 20 * minutes);
    store.objects.set("ffffffffffffffff", 1);
    clock = start + 10 * minutes;
    expect(await sweep({ ledger, inventories })).toEqual({ files: 2, bytes: 20, failed: [] });
    expect([...store.objects.keys()].sort()).toEqual([later, "ffffffffffffffff"].sort());
    expect(other.objects.size).toBe(0);
    expect(await allTokens()).toEqual([later]);
    expect(await ledger.find(expired[0] ?? "")).toBeUndefined();
    expect(await sweep({ ledger, inventories })).toEqual({ files: 0, bytes: 0, failed: [] });
  });

  test("works in batches, tells the sums so far, and rests in proportion to the work", async () => {
    await uploads(25);
    clock = start + 10 * minutes;
    const told: number[] = [];
    const rests: number[] = [];
    let ticks = 0;
    await sweep({
      ...{ ledger, inventories, batch: 10 },
      monotonic: () => ++ticks,
      rest: async (took) => {
        rests.push(took);
      },
      onBatch: ({ files }) => told.push(files),
    });
    expect(store.removals.map((batch) => batch.length)).toEqual([10, 10, 5]);
    expect(told).toEqual([10, 20, 25]);
    // After two of the batches that were marked, and after each that was removed.
    expect(rests).toEqual([1, 1, 1, 1, 1]);
  });

  test("stops after the batch under way when it is told to, and goes on where it was", async () => {
    await uploads(25);
    clock = start + 10 * minutes;
    const stop = new AbortController();
    const first = await sweep({
      ...{ ledger, inventories, batch: 10, signal: stop.signal },
      onBatch: () => stop.abort(),
    });
    expect(first.files).toBe(10);
    expect(store.objects.size).toBe(15);
    expect((await sweep({ ledger, inventories, batch: 10 })).files).toBe(15);
    expect(await allTokens()).toEqual([]);
  });

  test("that broke off after the store and before the ledger is finished by the next", async () => {
    await uploads(3);
    clock = start + 10 * minutes;
    const crash = () => Promise.reject(new Error("killed"));
    const crashing = {
      expire: ledger.expire.bind(ledger),
      pendingDeletion: ledger.pendingDeletion.bind(ledger),
      forget: crash,
      postpone: ledger.postpone.bind(ledger),
    };
    await expect(sweep({ ledger: crashing, inventories })).rejects.toThrow("killed");
    expect(store.objects.size).toBe(0);
    expect((await allTokens()).length).toBe(3);
    expect(await sweep({ ledger, inventories })).toMatchObject({ files: 3, failed: [] });
    expect(await allTokens()).toEqual([]);
  });

  test("two at once remove everything and count no space twice", async () => {
    await uploads(50);
    clock = start + 10 * minutes;
    const second = await opened.again();
    await Promise.all([
      sweep({ ledger, inventories, batch: 7 }),
      sweep({ ledger: second, inventories, batch: 5 }),
    ]);
    expect(store.objects.size).toBe(0);
    expect(await allTokens()).toEqual([]);
    expect(await ledger.usage({})).toEqual([expect.objectContaining({ bytes: 0, files: 0 })]);
  });

  test("leaves a domain whose store fails to the next time, and sweeps the others", async () => {
    await uploads(30);
    await upload("example.net");
    clock = start + 10 * minutes;
    store.failure = new Error("the store does not answer");
    const swept = await sweep({ ledger, inventories, batch: 10 });
    expect(swept).toMatchObject({ files: 1, failed: [{ domain: "example.org", files: 10 }] });
    expect(swept.failed[0]?.reason).toBe("the store does not answer");
    store.failure = undefined;
    expect((await sweep({ ledger, inventories, batch: 10 })).files).toBe(30);
  });

  test("keeps what the store did not delete, and tries it again", async () => {
    const [stuck = ""] = await uploads(3);
    clock = start + 10 * minutes;
    store.stuck.add(stuck);
    expect(await sweep({ ledger, inventories })).toEqual({
      ...{ files: 2, bytes: 20 },
      failed: [{ domain: "example.org", files: 1, reason: "the store says AccessDenied" }],
    });
    expect(await allTokens()).toEqual([stuck]);
    store.stuck.clear();
    expect((await sweep({ ledger, inventories })).files).toBe(1);
  });

  test("removes the other files where some cannot be removed, however many come before them", async () => {
    const stuck = await uploads(30);
    clock += 1;
    const others = await uploads(25);
    for (const token of stuck) store.stuck.add(token);
    clock = start + 10 * minutes;
    const swept = await sweep({ ledger, inventories, batch: 10 });
    expect(swept).toMatchObject({ files: 25, bytes: 250, failed: [{ domain: "example.org", files: 30 }] });
    expect((await allTokens()).sort()).toEqual([...stuck].sort());
    for (const token of others) expect(await ledger.find(token)).toBeUndefined();
    // Each was tried once, and is tried once more in the next sweep, after what is new.
    expect(store.removals.flat().sort()).toEqual([...stuck, ...others].sort());
    store.removals.length = 0;
    const later = await upload("example.org", clock + 1);
    clock += 2;
    await sweep({ ledger, inventories, batch: 10 });
    expect(store.removals[0]).toContain(later);
    expect(store.removals.flat()).toHaveLength(31);
    store.stuck.clear();
    expect(await sweep({ ledger, inventories, batch: 10 })).toEqual({ files: 30, bytes: 300, failed: [] });
  });

  test("leaves a domain of whose files very many cannot be removed, and goes on with the others of them next time", async () => {
    const tokens = await uploads(1_200);
    for (const token of tokens) store.stuck.add(token);
    clock = start + 10 * minutes;
    expect((await sweep({ ledger, inventories })).failed[0]?.files).toBe(1_000);
    await sweep({ ledger, inventories });
    expect(new Set(store.removals.flat()).size).toBe(1_200);
  });

  describe("of a file that something may still bring", () => {
    const careful = () =>
      sweep({
        ...{ ledger, inventories },
        nextRemoval: ({ reserved }) => nextRemoval({ reserved, expiresIn: 60 }, new Date(clock)),
      });

    test("keeps it in the ledger, counts it once, and removes what comes until nothing can", async () => {
      const token = await upload("example.org", start + 2 * minutes);
      clock += 3 * minutes;
      expect(await careful()).toEqual({ files: 1, bytes: 10, failed: [] });
      expect((await ledger.find(token))?.state).toBe("pending-deletion");
      const visible: number[] = [];
      for (let at = 3; at <= 26 * 60; at += 1) {
        clock = start + at * minutes;
        const comes = at % 250 === 0;
        if (comes && clock < start + (24 * 60 + 1) * minutes) store.objects.set(token, 10);
        expect((await careful()).files).toBe(0);
        if (store.objects.has(token)) visible.push(at);
      }
      expect(store.objects.size).toBe(0);
      expect(await ledger.find(token)).toBeUndefined();
      expect(store.removals.length).toBeLessThan(12);
      expect(visible.length).toBeGreaterThan(0);
    });

    test("removes at the end of the PUT URL what came to a slot that was deleted unused", async () => {
      const token = await reserve();
      await ledger.markForDeletion([token]);
      await careful();
      store.objects.set(token, 10);
      clock += 1 * minutes + 11_000;
      await careful();
      expect(store.objects.size).toBe(0);
      expect((await ledger.find(token))?.state).toBe("pending-deletion");
    });
  });

  test("leaves the files of domains that are not served here", async () => {
    await upload("example.com");
    clock = start + 10 * minutes;
    expect(await sweep({ ledger, inventories })).toEqual({ files: 0, bytes: 0, failed: [] });
    expect((await allTokens()).length).toBe(1);
  });
});

describe("asking the stores", () => {
  const ask = (isUnderWay: (token: string) => boolean = () => false) =>
    askStores({
      ledger,
      inventories,
      limits: () => noLimits,
      isUnderWay,
      now: () => new Date(clock),
      batch: 10,
    });
  const stateOf = async (token: string) => (await ledger.find(token))?.state;

  test("completes what is there, and gives back the space of what is not", async () => {
    const [there, absent] = [await reserve(), await reserve()];
    store.objects.set(there, 10);
    expect(await ask()).toMatchObject({ complete: 0, abandoned: 0 });
    clock += 2 * minutes;
    expect(await ask()).toEqual({
      complete: 1,
      abandoned: 1,
      over: 0,
      oversized: 0,
      underWay: 0,
      failed: [],
    });
    expect([await stateOf(there), await stateOf(absent)]).toEqual(["complete", "abandoned"]);
    expect(await ledger.usage({})).toEqual([expect.objectContaining({ bytes: 10, files: 1 })]);
  });

  test("asks about more than one batch", async () => {
    const tokens = await Promise.all(Array.from({ length: 25 }, () => reserve()));
    for (const token of tokens) store.objects.set(token, 10);
    clock += 2 * minutes;
    expect((await ask()).complete).toBe(25);
  });

  test("an upload that took longer than its URL takes its place again a day later, or is forgotten", async () => {
    const [slow, never] = [await reserve(), await reserve()];
    clock += 2 * minutes;
    await ask();
    store.objects.set(slow, 10);
    clock += 24 * 60 * minutes;
    expect(await ask()).toMatchObject({ complete: 1, abandoned: 1 });
    expect([await stateOf(slow), await stateOf(never)]).toEqual(["complete", undefined]);
  });

  test("an upload under way is left alone", async () => {
    const token = await reserve();
    clock += 2 * minutes;
    expect(await ask((each) => each === token)).toMatchObject({ underWay: 1, abandoned: 0 });
    expect(await stateOf(token)).toBe("reserved");
    clock += 2 * minutes;
    expect(await ask()).toMatchObject({ abandoned: 1 });
  });

  test("a store that fails is asked again later, and nothing is given back meanwhile", async () => {
    const token = await reserve();
    store.failure = new Error("the store does not answer");
    clock += 2 * minutes;
    expect(await ask()).toMatchObject({
      failed: [{ domain: "example.org", files: 1, reason: "the store does not answer" }],
    });
    expect(await stateOf(token)).toBe("reserved");
    store.failure = undefined;
    store.objects.set(token, 10);
    expect(await ask()).toMatchObject({ complete: 0 });
    clock += 2 * minutes;
    expect(await ask()).toMatchObject({ complete: 1 });
  });

  test("two at once complete everything once", async () => {
    const second = await opened.again();
    const tokens = await Promise.all(Array.from({ length: 20 }, () => reserve()));
    for (const token of tokens.slice(10)) store.objects.set(token, 10);
    clock += 2 * minutes;
    const deps = { inventories, limits: () => noLimits, isUnderWay: () => false, now: () => new Date(clock) };
    await Promise.all([askStores({ ...deps, ledger }), askStores({ ...deps, ledger: second })]);
    expect(await ledger.usage({})).toEqual([expect.objectContaining({ bytes: 100, files: 10 })]);
  });
});
