import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { noLimits, type TestLedger } from "./ledger.ts";
import { bytes, days, hours, LedgerScene, seconds, start } from "./ledger-scene.ts";

/**
 * What every ledger promises after a clock that was wrong or a rate that was another, whatever the database behind it.
 */
export function ledgerClockContract(name: string, open: (now: () => Date) => Promise<TestLedger>): void {
  // A hook outside would run for the tests of every other contract too.
  describe("clocks and limits", () => clocksAndLimits(name, open));
}

function clocksAndLimits(name: string, open: (now: () => Date) => Promise<TestLedger>): void {
  let scene: LedgerScene;
  beforeEach(async () => {
    scene = await LedgerScene.open(open);
  });
  afterEach(() => scene.stop());
  const rates = (slotsPerMinute: number, burst: number) => ({
    rates: [{ name: "juliet@example.org", rate: { slotsPerMinute, burst } }],
  });

  describe(`${name}: a clock that was wrong`, () => {
    test.each([1 * hours, 1 * days, 365 * days])(
      "and ahead by %i ms locks nobody out of the rate: an empty bucket, which fills as ever",
      async (ahead) => {
        scene.clock = start + ahead;
        for (let i = 0; i < 3; i += 1) await scene.slot({}, rates(6, 3));
        scene.clock = start;
        const { retryAt } = await scene.refused({}, rates(6, 3));
        expect(retryAt).toEqual(new Date(start + 10 * seconds));
        scene.clock = start + 10 * seconds;
        await scene.slot({}, rates(6, 3));
        await scene.refused({}, rates(6, 3));
        scene.clock += 30 * seconds;
        for (let i = 0; i < 3; i += 1) await scene.slot({}, rates(6, 3));
        await scene.refused({}, rates(6, 3));
      },
    );

    test("by a little, as between two slotd, gives nobody more slots", async () => {
      let given = 0;
      for (let i = 0; i < 60; i += 1) {
        // One of the two is a second ahead, and both are asked each second.
        for (const clock of [start + i * seconds, start + (i + 1) * seconds]) {
          scene.clock = clock;
          if ("evicted" in (await scene.reserve({}, rates(6, 3)))) given += 1;
        }
      }
      expect(given).toBeLessThanOrEqual(3 + 6);
    });

    test.each([1 * days, 2 * days, 365 * days])(
      "and ahead by %i ms leaves today's quota as it is",
      async (ahead) => {
        const daily = { userDaily: bytes(100) };
        scene.clock = start + ahead;
        await scene.slot({ size: 100 }, daily);
        scene.clock = start;
        const [juliet] = await scene.ledger.usage({ jid: "juliet@example.org" });
        expect(juliet?.today).toEqual({ bytes: 0, files: 0 });
        await scene.slot({ size: 60 }, daily);
        expect(await scene.refused({ size: 50 }, daily)).toMatchObject({ over: "userDaily", used: 60 });
        await scene.slot({ size: 40 }, daily);
        await scene.refused({ size: 1 }, daily);
      },
    );

    test("by a little, at midnight, does not give a day twice", async () => {
      const midnight = Date.UTC(2030, 0, 16);
      const daily = { userDaily: bytes(100) };
      scene.clock = midnight + 1 * seconds;
      const slot = await scene.slot({ size: 70 }, daily);
      scene.clock = midnight - 4 * seconds;
      await scene.refused({ size: 40 }, daily);
      await scene.slot({ size: 30 }, daily);
      await scene.refused({ size: 1 }, daily);
      expect(await scene.ledger.release(slot)).toBe(true);
      await scene.slot({ size: 70 }, daily);
      scene.clock = midnight + 2 * seconds;
      await scene.refused({ size: 1 }, daily);
    });

    test("and behind counts what it reserved on the day that it took for today", async () => {
      const daily = { userDaily: bytes(100) };
      scene.clock = start - 400 * days;
      await scene.slot({ size: 100 }, daily);
      scene.clock = start;
      await scene.slot({ size: 100 }, daily);
      await scene.refused({ size: 1 }, daily);
    });

    test("does not hold quotas with slots that were never used", async () => {
      const limits = { user: bytes(100) };
      scene.clock = start + 365 * days;
      const wanted = scene.reservation({ size: 100, putUntil: new Date(scene.clock + 60 * seconds) });
      await scene.ledger.reserve(wanted, { ...noLimits, ...limits });
      scene.clock = start;
      await scene.refused({ size: 1 }, limits);
      expect(await scene.ledger.toAsk(["example.net"], 10)).toEqual([]);
      const [found] = await scene.ledger.toAsk(["example.org"], 10);
      expect(found?.token).toBe(wanted.token);
      await scene.ledger.abandon(wanted.token, new Date(start + days));
      await scene.slot({ size: 100 }, limits);
      expect(await scene.ledger.toAsk(["example.org"], 10)).toEqual([]);
    });

    test("does not put off the question to the store for ever", async () => {
      const token = await scene.slot({});
      await scene.ledger.postpone(token, new Date(start + 365 * days));
      scene.clock += 60 * seconds;
      expect((await scene.ledger.toAsk(["example.org"], 10)).map((file) => file.token)).toEqual([token]);
    });

    test("is found among many reservations, page by page, and no other one is asked about early", async () => {
      await Promise.all(Array.from({ length: 450 }, () => scene.slot({ size: 1 })));
      scene.clock = start + 30 * days;
      const late = await Promise.all(Array.from({ length: 3 }, () => scene.slot({ size: 1 })));
      scene.clock = start;
      const found = new Set<string>();
      for (let call = 0; call < 3; call += 1) {
        for (const { token } of await scene.ledger.toAsk(["example.org"], 1000)) found.add(token);
      }
      expect([...found].sort()).toEqual(late.sort());
    });
  });

  describe(`${name}: what can be counted`, () => {
    const largest = 2 ** 40;

    test("one file of the largest size takes nobody's place where nothing is limited", async () => {
      await scene.slot({ size: largest });
      expect(await scene.refused({ size: largest + 1 })).toMatchObject({ unit: "bytes" });
      await scene.slot({ size: largest - 2 ** 30, jid: "romeo@example.org" });
    });

    test("those who reserve much are refused before those who need little, and every sum stays exact", async () => {
      const outcomes: boolean[] = [];
      for (const size of [2 ** 40 - 1, 2 ** 39 - 1]) {
        const some = Array.from({ length: 200 }, () => scene.reserve({ size }));
        outcomes.push(...(await Promise.all(some)).map((outcome) => "over" in outcome));
      }
      expect(outcomes.indexOf(true)).toBeLessThan(10);
      expect(outcomes.indexOf(true, 200)).toBe(-1);
      await scene.upload({ size: 2 ** 30, jid: "romeo@example.org" });
      const [bytesHeld] = await scene.held();
      expect(Number.isSafeInteger(bytesHeld)).toBe(true);
      expect(bytesHeld % 2).toBe(outcomes.filter((isOver) => !isOver).length % 2);
    });

    test("a limit beyond 4 PiB is one of 4 PiB", async () => {
      const most = bytes(Number.MAX_SAFE_INTEGER);
      const limits = { purpose: most, user: most, userDaily: most, domain: most, total: most };
      await scene.slot({ size: 2 ** 52 - 7 }, limits);
      expect(await scene.refused({ size: 8 }, limits)).toMatchObject({ allowed: 2 ** 52 });
      await scene.slot({ size: 7 }, limits);
      expect(await scene.held()).toEqual([2 ** 52, 2]);
    });

    test("a limit of files counts those of no bytes", async () => {
      const limits = { user: { bytes: 100, files: 2 } };
      for (let i = 0; i < 2; i += 1) await scene.upload({ size: 0 }, limits);
      expect(await scene.refused({ size: 0 }, limits)).toMatchObject({ unit: "files", used: 2 });
      await scene.upload({ size: 0 }, { ...limits, whenFull: "delete-oldest" });
      expect(await scene.held()).toEqual([0, 2]);
    });
  });

  describe(`${name}: limits that changed`, () => {
    test("a relaxed rate is in force at once", async () => {
      for (let i = 0; i < 50; i += 1) await scene.slot({}, rates(1, 50));
      expect((await scene.refused({}, rates(60, 5))).retryAt).toEqual(new Date(start + 1 * seconds));
      scene.clock += 1 * seconds;
      await scene.slot({}, rates(60, 5));
      await scene.refused({}, rates(60, 5));
      scene.clock += 5 * seconds;
      for (let i = 0; i < 5; i += 1) await scene.slot({}, rates(60, 5));
      await scene.refused({}, rates(60, 5));
    });

    test("a file that comes a day late counts on its own day", async () => {
      const daily = { userDaily: bytes(100) };
      const slot = await scene.slot({ size: 80 }, daily);
      await scene.ledger.abandon(slot, new Date(start + days));
      scene.clock = start + days;
      await scene.slot({ size: 70 }, daily);
      await scene.finish(slot, daily);
      await scene.slot({ size: 30 }, daily);
      await scene.refused({ size: 1 }, daily);
    });
  });
}
