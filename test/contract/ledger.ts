import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import type {
  Ledger,
  LedgerFile,
  Limits,
  OverLimit,
  Reservation,
  UserSelection,
} from "../../src/ledger/ledger.ts";

/** A ledger of a test, on an empty database of its own. */
export interface TestLedger {
  readonly ledger: Ledger;
  /** Opens the same database once more, as another slotd would. */
  again(): Promise<Ledger>;
  /** Closes all that was opened, and removes the database. */
  stop(): Promise<void>;
}

export const none = { bytes: undefined, files: undefined };

export const noLimits: Limits = {
  purpose: none,
  user: none,
  userDaily: none,
  domain: none,
  total: none,
  whenFull: "refuse",
  mayDelete: ["message", "ephemeral"],
  rates: [],
};

const seconds = 1000;
const hours = 3_600_000;
const start = Date.UTC(2030, 0, 15, 10, 0, 0);

/** What every ledger promises, whatever the database behind it. */
export function ledgerContract(name: string, open: (now: () => Date) => Promise<TestLedger>): void {
  // A hook outside would run for the tests of every other contract too.
  describe("slots and files", () => slotsAndFiles(name, open));
}

function slotsAndFiles(name: string, open: (now: () => Date) => Promise<TestLedger>): void {
  let clock = start;
  let opened: TestLedger;
  let ledger: Ledger;
  let count = 0;
  const now = () => new Date(clock);
  const at = (time: number) => new Date(start + time);

  beforeEach(async () => {
    clock = start;
    opened = await open(now);
    ledger = opened.ledger;
  });
  afterEach(async () => {
    expect(await ledger.audit()).toEqual([]);
    await opened.stop();
  });

  const reservation = (change: Partial<Reservation> = {}): Reservation => {
    count += 1;
    return {
      token: count.toString(16).padStart(16, "0"),
      domain: "example.org",
      jid: "juliet@example.org",
      purpose: "message",
      filename: "très cool.jpg",
      size: 100,
      putUntil: new Date(clock + 60 * seconds),
      expires: undefined,
      ...change,
    };
  };
  const reserve = (change: Partial<Reservation> = {}, limits: Partial<Limits> = {}) =>
    ledger.reserve(reservation(change), { ...noLimits, ...limits });
  /** Reserves, expects to succeed, completes. */
  const upload = async (change: Partial<Reservation> = {}): Promise<string> => {
    const wanted = reservation(change);
    expect(await ledger.reserve(wanted, noLimits)).toEqual({ evicted: [] });
    expect(await ledger.complete(wanted.token, wanted.size, () => noLimits)).toBe("complete");
    return wanted.token;
  };
  const held = async (jid = "juliet@example.org") => {
    const accounts = await ledger.usage({ jid });
    return accounts.reduce((sum, { bytes, files }) => [sum[0] + bytes, sum[1] + files] as [number, number], [
      0, 0,
    ] as [number, number]);
  };
  const tokens = (files: readonly LedgerFile[]) => files.map(({ token }) => token);
  const overOf = (outcome: Awaited<ReturnType<typeof reserve>>): OverLimit => {
    if (!("over" in outcome)) throw new Error("expected a refusal, and it was reserved");
    return outcome;
  };

  describe(`${name}: reserve, complete, release`, () => {
    test("a reservation counts at once, and a complete file goes on counting", async () => {
      const wanted = reservation({ expires: at(24 * hours) });
      expect(await ledger.reserve(wanted, noLimits)).toEqual({ evicted: [] });
      expect(await held()).toEqual([100, 1]);
      clock += 5 * seconds;
      expect(await ledger.complete(wanted.token, 100, () => noLimits)).toBe("complete");
      expect(await held()).toEqual([100, 1]);
      const { putUntil: _, ...rest } = wanted;
      expect(await ledger.find(wanted.token)).toMatchObject({
        ...rest,
        state: "complete",
        reserved: at(0),
        completed: at(5 * seconds),
        askAt: undefined,
      });
    });

    test("a released reservation leaves nothing behind", async () => {
      const wanted = reservation();
      await ledger.reserve(wanted, noLimits);
      expect(await ledger.release(wanted.token)).toBe(true);
      expect(await ledger.release(wanted.token)).toBe(false);
      expect(await ledger.usage({})).toEqual([
        expect.objectContaining({ bytes: 0, files: 0, today: { bytes: 0, files: 0 } }),
      ]);
      expect(await ledger.find(wanted.token)).toBeUndefined();
    });

    test("asking again changes nothing", async () => {
      const wanted = reservation();
      for (let i = 0; i < 3; i += 1) expect(await ledger.reserve(wanted, noLimits)).toEqual({ evicted: [] });
      for (let i = 0; i < 3; i += 1)
        expect(await ledger.complete(wanted.token, 100, () => noLimits)).toBe("complete");
      expect(await ledger.release(wanted.token)).toBe(false);
      await ledger.abandon(wanted.token);
      expect(await held()).toEqual([100, 1]);
    });

    test("a size that the store knows better is put right", async () => {
      const wanted = reservation();
      await ledger.reserve(wanted, noLimits);
      await ledger.complete(wanted.token, 90, () => noLimits);
      expect(await held()).toEqual([90, 1]);
    });

    test("a token that is not known changes nothing", async () => {
      expect(await ledger.complete("00ff00ff00ff00ff", 5, () => noLimits)).toBe("unknown");
      expect(await ledger.release("00ff00ff00ff00ff")).toBe(false);
    });

    test("files of no bytes count as files", async () => {
      await upload({ size: 0 });
      expect(await held()).toEqual([0, 1]);
    });
  });

  describe(`${name}: what the store is asked about`, () => {
    test("a reservation is asked about after its PUT URL has expired, and not before", async () => {
      const wanted = reservation();
      await ledger.reserve(wanted, noLimits);
      clock += 60 * seconds;
      expect(await ledger.toAsk(["example.org"], 10)).toEqual([]);
      clock += 60 * seconds;
      expect(tokens(await ledger.toAsk(["example.org"], 10))).toEqual([wanted.token]);
      expect(await ledger.toAsk(["example.net"], 10)).toEqual([]);
      await ledger.complete(wanted.token, 100, () => noLimits);
      expect(await ledger.toAsk(["example.org"], 10)).toEqual([]);
    });

    test("bytes that never came are given back, on their day as well", async () => {
      const wanted = reservation();
      await ledger.reserve(wanted, noLimits);
      clock += 120 * seconds;
      await ledger.abandon(wanted.token);
      expect(await ledger.find(wanted.token)).toBeUndefined();
      const userDaily = { bytes: 100, files: 1 };
      expect(await reserve({}, { userDaily })).toEqual({ evicted: [] });
    });

    test("bytes that come late take their place again", async () => {
      const wanted = reservation();
      await ledger.reserve(wanted, noLimits);
      clock += 120 * seconds;
      await ledger.abandon(wanted.token, new Date(clock + 1 * hours));
      // Asked for again, as after a lost answer: it is not forgotten before its time.
      await ledger.abandon(wanted.token, new Date(clock + 1 * hours));
      expect(await held()).toEqual([0, 0]);
      clock += 2 * hours;
      expect(tokens(await ledger.toAsk(["example.org"], 10))).toEqual([wanted.token]);
      expect(await ledger.complete(wanted.token, 100, () => noLimits)).toBe("complete");
      expect(await held()).toEqual([100, 1]);
    });

    test("bytes that come late and find no room are to be removed", async () => {
      const wanted = reservation();
      await ledger.reserve(wanted, noLimits);
      await ledger.abandon(wanted.token, at(1 * hours));
      await upload({ size: 60 });
      const limits = { ...noLimits, user: { bytes: 150, files: undefined } };
      expect(await ledger.complete(wanted.token, 100, () => limits)).toBe("over");
      expect(await held()).toEqual([60, 1]);
      expect(tokens(await ledger.pendingDeletion(["example.org"], 10))).toEqual([wanted.token]);
      expect(await ledger.complete(wanted.token, 100, () => limits)).toBe("pending-deletion");
    });

    test("what was abandoned is forgotten when the store has nothing the second time", async () => {
      const wanted = reservation();
      await ledger.reserve(wanted, noLimits);
      await ledger.abandon(wanted.token, at(1 * hours));
      clock += 1 * hours;
      await ledger.abandon(wanted.token);
      expect(await ledger.find(wanted.token)).toBeUndefined();
    });

    test("an upload under way puts the question off", async () => {
      const wanted = reservation();
      await ledger.reserve(wanted, noLimits);
      await ledger.postpone(wanted.token, at(1 * hours));
      clock += 0.5 * hours;
      expect(await ledger.toAsk(["example.org"], 10)).toEqual([]);
      clock += 0.5 * hours;
      expect(tokens(await ledger.toAsk(["example.org"], 10))).toEqual([wanted.token]);
    });
  });

  describe(`${name}: a complete file that may be replaced`, () => {
    const uploadAskedAgain = async (size = 100): Promise<string> => {
      const wanted = reservation();
      await ledger.reserve(wanted, noLimits);
      expect(await ledger.complete(wanted.token, size, () => noLimits, { askAgain: at(1 * hours) })).toBe(
        "complete",
      );
      return wanted.token;
    };

    test("counts at once, and is asked about once more", async () => {
      const token = await uploadAskedAgain();
      expect(await held()).toEqual([100, 1]);
      clock += 0.5 * hours;
      expect(await ledger.toAsk(["example.org"], 10)).toEqual([]);
      clock += 0.5 * hours;
      expect(tokens(await ledger.toAsk(["example.org"], 10))).toEqual([token]);
      await ledger.postpone(token, at(2 * hours));
      expect(await ledger.toAsk(["example.org"], 10)).toEqual([]);
      clock += 1 * hours;
      for (let i = 0; i < 2; i += 1) await ledger.confirm(token, 90);
      expect(await ledger.toAsk(["example.org"], 10)).toEqual([]);
      expect(await ledger.find(token)).toMatchObject({ state: "complete", size: 90, askAt: undefined });
      expect(await held()).toEqual([90, 1]);
      await ledger.postpone(token, at(3 * hours));
      expect((await ledger.find(token))?.askAt).toBeUndefined();
    });

    test("keeps its size when the store has nothing of it any more", async () => {
      const token = await uploadAskedAgain();
      await ledger.confirm(token, undefined);
      expect(await ledger.find(token)).toMatchObject({ state: "complete", size: 100, askAt: undefined });
    });

    test("can be removed at once when its deletion is pending, and once more when that was postponed", async () => {
      const token = await uploadAskedAgain();
      await ledger.markForDeletion([token]);
      expect(tokens(await ledger.pendingDeletion(["example.org"], 10))).toEqual([token]);
      await ledger.postpone(token, at(2 * hours));
      expect(await ledger.pendingDeletion(["example.org"], 10)).toEqual([]);
      expect(await ledger.toAsk(["example.org"], 10)).toEqual([]);
      clock += 2 * hours;
      expect(await ledger.toAsk(["example.org"], 10)).toEqual([]);
      expect(tokens(await ledger.pendingDeletion(["example.org"], 10))).toEqual([token]);
    });

    test("is listed once, whoever is asked for", async () => {
      const token = await uploadAskedAgain();
      expect(tokens((await ledger.filesOf({ jid: "juliet@example.org" }, { limit: 10 })).files)).toEqual([
        token,
      ]);
      expect(tokens(await ledger.files({ limit: 10 }))).toEqual([token]);
    });

    test("is not confirmed when it is none", async () => {
      const wanted = reservation();
      await ledger.reserve(wanted, noLimits);
      await ledger.confirm(wanted.token, 5);
      expect(await ledger.find(wanted.token)).toMatchObject({ state: "reserved", size: 100 });
      const settled = await upload();
      await ledger.confirm(settled, 5);
      expect((await ledger.find(settled))?.size).toBe(100);
    });
  });

  describe(`${name}: quotas`, () => {
    const bytes = (allowed: number) => ({ bytes: allowed, files: undefined });
    const files = (allowed: number) => ({ bytes: undefined, files: allowed });

    test.each([
      ["purpose", { purpose: "message" }, { purpose: "profile" }],
      ["user", { purpose: "profile" }, { jid: "romeo@example.org" }],
      ["domain", { jid: "romeo@example.org" }, { domain: "example.net" }],
    ] as const)(
      "of a %s: exactly full is allowed, one byte more is not, and others are not touched",
      async (limit, same, other) => {
        await upload({ size: 60 });
        expect(await reserve({ ...same, size: 40 }, { [limit]: bytes(100) })).toEqual({ evicted: [] });
        const refused = overOf(await reserve({ ...same, size: 1 }, { [limit]: bytes(100) }));
        expect(refused).toMatchObject({ over: limit, unit: "bytes", allowed: 100, asked: 1 });
        expect(refused.used).toBe(100);
        expect(await reserve({ ...other, size: 100 }, { [limit]: bytes(100) })).toEqual({ evicted: [] });
      },
    );

    test("of the whole counts every domain", async () => {
      await upload({ size: 60 });
      await upload({ domain: "example.net", jid: "romeo@example.net", size: 40 });
      const refused = overOf(await reserve({ domain: "example.com", size: 1 }, { total: bytes(100) }));
      expect(refused).toMatchObject({ over: "total", used: 100, allowed: 100, asked: 1 });
    });

    test.each(["purpose", "user", "domain", "total", "userDaily"] as const)(
      "in files, of %s: one more than allowed is refused",
      async (limit) => {
        await upload({ size: 0 });
        expect(await reserve({ size: 0 }, { [limit]: files(2) })).toEqual({ evicted: [] });
        expect(overOf(await reserve({ size: 0 }, { [limit]: files(2) }))).toMatchObject({
          over: limit,
          unit: "files",
          used: 2,
          allowed: 2,
          asked: 1,
        });
      },
    );

    test("a refused reservation leaves nothing behind", async () => {
      overOf(await reserve({ size: 101 }, { user: bytes(100) }));
      expect(await held()).toEqual([0, 0]);
      expect(await ledger.files({ limit: 10 })).toEqual([]);
    });

    test("of simultaneous reservations no more succeed than there is room for", async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 50 }, () => reserve({ size: 10 }, { user: bytes(100), rates: [] })),
      );
      expect(outcomes.filter((outcome) => "evicted" in outcome).length).toBe(10);
      expect(await held()).toEqual([100, 10]);
    });

    test("of simultaneous reservations through two ledgers no more succeed than there is room for", async () => {
      const other = await opened.again();
      const outcomes = await Promise.all(
        Array.from({ length: 60 }, (_, i) =>
          (i % 2 ? ledger : other).reserve(reservation({ size: 10 }), { ...noLimits, domain: bytes(100) }),
        ),
      );
      expect(outcomes.filter((outcome) => "evicted" in outcome).length).toBe(10);
      expect(await held()).toEqual([100, 10]);
    });

    test("of one token through two ledgers at once, one completion counts", async () => {
      const other = await opened.again();
      const wanted = reservation();
      await ledger.reserve(wanted, noLimits);
      const completions = await Promise.all(
        [ledger, other, ledger, other].map((each) => each.complete(wanted.token, 100, () => noLimits)),
      );
      expect(completions).toEqual(["complete", "complete", "complete", "complete"]);
      await Promise.all([ledger.abandon(wanted.token), other.release(wanted.token)]);
      expect(await held()).toEqual([100, 1]);
    });

    test("of a day ends at midnight UTC, and a deleted file still counts on its day", async () => {
      const userDaily = bytes(100);
      const token = await upload({ size: 100 });
      await ledger.markForDeletion([token]);
      await ledger.forget([token]);
      expect(overOf(await reserve({ size: 1 }, { userDaily }))).toEqual({
        over: "userDaily",
        unit: "bytes",
        used: 100,
        allowed: 100,
        asked: 1,
        retryAt: new Date(Date.UTC(2030, 0, 16)),
      });
      clock = Date.UTC(2030, 0, 16);
      expect(await reserve({ size: 100 }, { userDaily })).toEqual({ evicted: [] });
    });
  });

  describe(`${name}: when to try again`, () => {
    const user = { bytes: 100, files: undefined };

    test("when enough files have expired, and then the same request succeeds", async () => {
      await upload({ size: 50, expires: at(3 * hours) });
      await upload({ size: 40, expires: at(2 * hours) });
      await upload({ size: 10, expires: undefined });
      const wanted = reservation({ size: 80 });
      expect(overOf(await ledger.reserve(wanted, { ...noLimits, user })).retryAt).toEqual(at(3 * hours));
      const smaller = reservation({ size: 40 });
      expect(overOf(await ledger.reserve(smaller, { ...noLimits, user })).retryAt).toEqual(at(2 * hours));
      clock = start + 2 * hours - 1;
      overOf(await ledger.reserve(smaller, { ...noLimits, user }));
      clock = start + 2 * hours;
      expect(await ledger.reserve(smaller, { ...noLimits, user })).toMatchObject({ evicted: [{ size: 40 }] });
    });

    test("never, when the file is larger than what is allowed or what is there never expires", async () => {
      expect(overOf(await reserve({ size: 101 }, { user })).retryAt).toBeUndefined();
      await upload({ size: 100 });
      expect(overOf(await reserve({ size: 1 }, { user })).retryAt).toBeUndefined();
      const userDaily = { bytes: 100, files: undefined };
      expect(overOf(await reserve({ size: 101 }, { userDaily })).retryAt).toBeUndefined();
    });

    test("soon after its PUT URL expires, when a reservation may come to nothing", async () => {
      await reserve({ size: 100 });
      const { retryAt } = overOf(await reserve({ size: 1 }, { user }));
      expect(retryAt?.getTime()).toBeGreaterThan(start + 60 * seconds);
      expect(retryAt?.getTime()).toBeLessThan(start + 90 * seconds);
    });

    test("the latest of all limits that are in the way", async () => {
      await upload({ size: 100, expires: at(24 * hours) });
      const limits = { user, rates: [{ name: "juliet@example.org", rate: { slotsPerMinute: 1, burst: 1 } }] };
      const { over, retryAt } = overOf(await reserve({ size: 1 }, { ...limits, userDaily: user }));
      expect([over, retryAt]).toEqual(["user", at(24 * hours)]);
    });
  });

  describe(`${name}: rates`, () => {
    const rates = (slotsPerMinute: number, burst: number, ...names: string[]) => ({
      rates: names.map((who) => ({ name: who, rate: { slotsPerMinute, burst } })),
    });

    test("a burst, then one each interval, and the time told is exact", async () => {
      const limits = rates(6, 3, "juliet@example.org");
      for (let i = 0; i < 3; i += 1) expect(await reserve({}, limits)).toEqual({ evicted: [] });
      expect(overOf(await reserve({}, limits))).toEqual({
        over: "rate",
        unit: "slots",
        used: 0,
        allowed: 3,
        asked: 1,
        retryAt: at(10 * seconds),
      });
      clock = start + 10 * seconds - 1;
      overOf(await reserve({}, limits));
      clock = start + 10 * seconds;
      expect(await reserve({}, limits)).toEqual({ evicted: [] });
      overOf(await reserve({}, limits));
      clock += 60 * seconds;
      for (let i = 0; i < 3; i += 1) expect(await reserve({}, limits)).toEqual({ evicted: [] });
      overOf(await reserve({}, limits));
    });

    test("every name is charged, and shared by two ledgers", async () => {
      const other = await opened.again();
      const all = [
        await reserve({}, rates(1, 2, "juliet@example.org", "example.com")),
        await other.reserve(reservation(), {
          ...noLimits,
          ...rates(1, 2, "romeo@example.com", "example.com"),
        }),
        await ledger.reserve(reservation(), {
          ...noLimits,
          ...rates(1, 2, "tybalt@example.com", "example.com"),
        }),
      ];
      expect(all.map((outcome) => "over" in outcome)).toEqual([false, false, true]);
    });

    test("a refused request is not charged", async () => {
      const limits = rates(1, 1, "juliet@example.org");
      overOf(await reserve({}, { ...limits, user: { bytes: 1, files: undefined } }));
      expect(await reserve({}, limits)).toEqual({ evicted: [] });
    });
  });

  describe(`${name}: expiry and the sweep`, () => {
    test("expired files are marked for deletion in batches, the oldest expiry first, and wait for the sweep", async () => {
      const later = await upload({ expires: at(2 * hours) });
      const sooner = await upload({ expires: at(1 * hours) });
      await upload({ expires: at(3 * hours) });
      await upload({ expires: undefined });
      clock = start + 2 * hours;
      expect(await ledger.expired(["example.org"])).toEqual({ bytes: 200, files: 2 });
      expect(await ledger.expire(["example.net"], 10)).toBe(0);
      expect(await ledger.expire(["example.org"], 1)).toBe(1);
      expect(tokens(await ledger.pendingDeletion(["example.org"], 10))).toEqual([sooner]);
      expect(await ledger.expire(["example.org"], 10)).toBe(1);
      expect(await ledger.expire(["example.org"], 10)).toBe(0);
      expect(await held()).toEqual([200, 2]);
      const pending = tokens(await ledger.pendingDeletion(["example.org"], 10));
      expect([...pending].sort()).toEqual([later, sooner].sort());
      await ledger.forget(pending.slice(0, 1));
      expect(tokens(await ledger.pendingDeletion(["example.org"], 10))).toEqual(pending.slice(1));
      expect(tokens(await ledger.pendingDeletion(["example.net"], 10))).toEqual([]);
      await ledger.forget(pending.slice(1));
      expect(await ledger.pendingDeletion(["example.org"], 10)).toEqual([]);
      expect(await held()).toEqual([200, 2]);
    });

    test("what was pending deletion still is after the ledger was opened again", async () => {
      const token = await upload();
      await ledger.markForDeletion([token]);
      const other = await opened.again();
      expect(tokens(await other.pendingDeletion(["example.org"], 10))).toEqual([token]);
    });

    test("marking for deletion gives those that it marked, once", async () => {
      const token = await upload();
      expect(tokens(await ledger.markForDeletion([token, "00ff00ff00ff00ff"]))).toEqual([token]);
      expect(await ledger.markForDeletion([token])).toEqual([]);
      expect(await ledger.complete(token, 100, () => noLimits)).toBe("pending-deletion");
      expect(await held()).toEqual([0, 0]);
    });

    test("a reservation that is pending deletion waits until its PUT URL is of no use", async () => {
      const wanted = reservation();
      await ledger.reserve(wanted, noLimits);
      await ledger.markForDeletion([wanted.token]);
      expect(await held()).toEqual([0, 0]);
      expect(await ledger.pendingDeletion(["example.org"], 10)).toEqual([]);
      clock += 120 * seconds;
      expect(await ledger.toAsk(["example.org"], 10)).toEqual([]);
      expect(tokens(await ledger.pendingDeletion(["example.org"], 10))).toEqual([wanted.token]);
    });

    test("a file pending deletion whose removal is put off comes again, the longest waiting first, until it is forgotten", async () => {
      const [first, second, third] = [await upload(), await upload(), await upload()];
      await ledger.markForDeletion([first, second, third]);
      await ledger.postpone(first, at(2 * hours));
      await ledger.postpone(second, at(1 * hours));
      expect(tokens(await ledger.pendingDeletion(["example.org"], 10))).toEqual([third]);
      await ledger.forget([third]);
      expect(await ledger.pendingDeletion(["example.org"], 10)).toEqual([]);
      expect(await ledger.toAsk(["example.org"], 10)).toEqual([]);
      clock = start + 2 * hours;
      expect(tokens(await ledger.pendingDeletion(["example.org"], 10))).toEqual([second, first]);
      expect(await ledger.toAsk(["example.org"], 10)).toEqual([]);
      expect(await ledger.complete(first, 100, () => noLimits)).toBe("pending-deletion");
      expect(await held()).toEqual([0, 0]);
    });

    test("an abandoned file is to be removed at once when it is marked for deletion", async () => {
      const wanted = reservation();
      await ledger.reserve(wanted, noLimits);
      await ledger.abandon(wanted.token, at(24 * hours));
      await ledger.markForDeletion([wanted.token]);
      expect(tokens(await ledger.pendingDeletion(["example.org"], 10))).toEqual([wanted.token]);
    });

    test("putting off does nothing to a complete file", async () => {
      const token = await upload();
      await ledger.postpone(token, at(1 * hours));
      expect((await ledger.find(token))?.askAt).toBeUndefined();
    });

    test("forgetting a file that counts gives its space back", async () => {
      await ledger.forget([await upload()]);
      expect(await held()).toEqual([0, 0]);
    });
  });

  describe(`${name}: listings`, () => {
    test("usage by domain, JID and purpose", async () => {
      await upload({ size: 1 });
      await upload({ size: 2, purpose: "profile" });
      await upload({ size: 4, jid: "romeo@example.org" });
      await upload({ size: 8, domain: "example.net", jid: "romeo@example.org" });
      const lines = (await ledger.usage({ domain: "example.org" })).map(
        ({ jid, purpose, bytes, files, today }) => `${jid} ${purpose} ${bytes} ${files} ${today.bytes}`,
      );
      expect(lines).toEqual([
        "juliet@example.org message 1 1 1",
        "juliet@example.org profile 2 1 2",
        "romeo@example.org message 4 1 4",
      ]);
      expect((await ledger.usage({ jid: "romeo@example.org" })).map(({ bytes }) => bytes)).toEqual([8, 4]);
      expect((await ledger.usage({ purpose: "profile" })).map(({ bytes }) => bytes)).toEqual([2]);
    });

    test("sums by domain and purpose, reservations told apart, and of the whole", async () => {
      expect(await ledger.sums(["example.org"])).toEqual({ parts: [], total: { bytes: 0, files: 0 } });
      await upload({ size: 1 });
      await upload({ size: 2, jid: "romeo@example.org" });
      await reserve({ size: 4 });
      await upload({ size: 8, purpose: "profile" });
      await upload({ size: 16, domain: "example.net", jid: "romeo@example.net" });
      await upload({ size: 32, domain: "example.com", jid: "romeo@example.com" });
      const gone = await upload({ size: 64 });
      await ledger.markForDeletion([gone]);
      const without = Array.from({ length: 250 }, (_, i) => `without-files-${i}.example`);
      const { parts, total } = await ledger.sums(["example.org", ...without, "example.net"]);
      const nothing = { bytes: 0, files: 0 };
      const byName = (a: { domain: string; purpose: string }, b: { domain: string; purpose: string }) =>
        `${a.domain} ${a.purpose}` < `${b.domain} ${b.purpose}` ? -1 : 1;
      expect([...parts].sort(byName)).toEqual([
        { domain: "example.net", purpose: "message", bytes: 16, files: 1, reserved: nothing },
        { domain: "example.org", purpose: "message", bytes: 7, files: 3, reserved: { bytes: 4, files: 1 } },
        { domain: "example.org", purpose: "profile", bytes: 8, files: 1, reserved: nothing },
      ]);
      expect(total).toEqual({ bytes: 63, files: 6 });
    });

    test("files of a user in pages, each once, in whatever state, also when those of a page are forgotten", async () => {
      const filesOf = async (selection: UserSelection, forgets = false): Promise<string[]> => {
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await ledger.filesOf(selection, { limit: 3, ...(cursor !== undefined && { cursor }) });
          seen.push(...tokens(page.files));
          if (forgets) await ledger.forget(tokens(page.files));
          cursor = page.next;
        } while (cursor !== undefined);
        return seen.sort();
      };
      const mine = new Set<string>();
      for (let i = 0; i < 7; i += 1) mine.add(await upload({ purpose: i < 3 ? "message" : "profile" }));
      for (const state of ["reserved", "abandoned", "pending-deletion"]) {
        for (let i = 0; i < 4; i += 1) {
          const wanted = reservation({ purpose: "profile" });
          await ledger.reserve(wanted, noLimits);
          if (state === "abandoned") await ledger.abandon(wanted.token, at(2 * hours));
          if (state === "pending-deletion") await ledger.markForDeletion([wanted.token]);
          mine.add(wanted.token);
        }
      }
      await upload({ jid: "romeo@example.org" });
      const elsewhere = await upload({ domain: "example.net" });
      const jid = "juliet@example.org";
      expect(await filesOf({ jid, domain: "example.org" })).toEqual([...mine].sort());
      expect(await filesOf({ jid, purpose: "message", domain: "example.org" })).toHaveLength(3);
      expect(await filesOf({ jid }, true)).toEqual([...mine, elsewhere].sort());
      expect(await filesOf({ jid })).toEqual([]);
    });

    test("all files in pages by token, whoever has them", async () => {
      const all = new Set<string>();
      for (let i = 0; i < 5; i += 1) {
        all.add(await upload({ token: randomBytes(16).toString("hex"), domain: `${i}.example` }));
        const wanted = reservation({ token: randomBytes(16).toString("hex") });
        await ledger.reserve(wanted, noLimits);
        all.add(wanted.token);
      }
      const seen: string[] = [];
      for (let after = ""; ; after = seen.at(-1) ?? "") {
        const page = await ledger.files({ limit: 3, after });
        if (page.length === 0) break;
        seen.push(...tokens(page));
      }
      expect(seen).toEqual([...all].sort());
    });

    test("a file of the store that is not known is adopted once", async () => {
      const file = {
        token: "00ff00ff00ff00ff",
        domain: "example.org",
        jid: "juliet@example.org",
        purpose: "message",
        filename: "a.txt",
        size: 5,
        expires: undefined,
        completed: at(0),
      };
      expect(await ledger.adopt(file)).toBe(true);
      expect(await ledger.adopt(file)).toBe(false);
      expect(await held()).toEqual([5, 1]);
    });
  });

  describe(`${name}: rows that say nothing any more`, () => {
    const days = 24 * hours;
    const rates = [{ name: "juliet@example.org", rate: { slotsPerMinute: 1, burst: 2 } }];

    test("a rate goes when its bucket has long been full, and not before", async () => {
      for (let i = 0; i < 2; i += 1) expect(await reserve({}, { rates })).toEqual({ evicted: [] });
      await reserve({ jid: "romeo@example.org" }, { rates: [{ ...rates[0]!, name: "romeo@example.org" }] });
      expect(await ledger.prune()).toEqual({ rates: 0, accounts: 0 });
      expect(overOf(await reserve({}, { rates })).over).toBe("rate");
      clock += 1 * hours;
      expect(await ledger.prune()).toEqual({ rates: 0, accounts: 0 });
      clock += 2 * 60 * seconds;
      expect(await ledger.prune()).toEqual({ rates: 2, accounts: 0 });
      expect(await ledger.prune()).toEqual({ rates: 0, accounts: 0 });
      for (let i = 0; i < 2; i += 1) expect(await reserve({}, { rates })).toEqual({ evicted: [] });
      expect(overOf(await reserve({}, { rates })).over).toBe("rate");
    });

    test("an account goes when it holds nothing and was not used for long, with none of its files", async () => {
      const user = (who: string) => ({ jid: `${who}@example.org` });
      const gone = await upload(user("gone"));
      await upload(user("holds"));
      const abandoned = reservation(user("abandoned"));
      await ledger.reserve(abandoned, noLimits);
      await ledger.abandon(abandoned.token, at(1 * days));
      const pending = await upload(user("pending"));
      await ledger.markForDeletion([pending]);
      await ledger.forget([gone]);
      clock += 9 * days;
      expect(await ledger.prune()).toEqual({ rates: 0, accounts: 0 });
      clock += 2 * days;
      await reserve(user("recent"));
      expect(await ledger.prune()).toEqual({ rates: 0, accounts: 1 });
      // The others are still found by way of their accounts.
      expect(tokens(await ledger.pendingDeletion(["example.org"], 10))).toEqual([pending]);
      expect(tokens(await ledger.toAsk(["example.org"], 10))).toContain(abandoned.token);
      await ledger.forget([pending, abandoned.token]);
      expect(await ledger.prune()).toEqual({ rates: 0, accounts: 2 });
      expect(await held("holds@example.org")).toEqual([100, 1]);
      await upload(user("gone"));
      expect(await held("gone@example.org")).toEqual([100, 1]);
    });

    test("page by page, each row looked at once in a round", async () => {
      const names = Array.from({ length: 2_300 }, (_, i) => `user-${i}@example.org`);
      await Promise.all(
        names.map((jid) =>
          reserve({ jid }, { rates: [{ name: jid, rate: { slotsPerMinute: 60, burst: 1 } }] }),
        ),
      );
      clock += 2 * hours;
      const removed = [];
      for (let i = 0; i < 4; i += 1) removed.push((await ledger.prune()).rates);
      expect(removed).toEqual([1_000, 1_000, 300, 0]);
    });
  });

  describe(`${name}: the audit`, () => {
    test("sees one moment, whatever happens meanwhile", async () => {
      const other = await opened.again();
      const work = Array.from({ length: 5 }, async () => {
        for (let i = 0; i < 10; i += 1) {
          const token = await upload({ jid: `user-${i}@example.org`, size: 1 + i });
          if (i % 3 === 0) await ledger.markForDeletion([token]);
        }
      });
      const audits = async () => {
        for (let i = 0; i < 5; i += 1) expect(await other.audit()).toEqual([]);
      };
      await Promise.all([...work, audits()]);
    });
  });

  describe(`${name}: opened again`, () => {
    test("everything is still there", async () => {
      const token = await upload({ expires: at(1 * hours) });
      const before = await ledger.find(token);
      const other = await opened.again();
      expect(await other.find(token)).toEqual(before);
      expect(await other.isReachable()).toBe(true);
    });

    test("several at once, on a database without a schema or with it", async () => {
      const ledgers = await Promise.all(Array.from({ length: 5 }, () => opened.again()));
      for (const each of ledgers) expect(await each.audit()).toEqual([]);
    });
  });

  describe(`${name}: the store of a domain`, () => {
    test("has the identity that was last written down, for each domain by itself", async () => {
      expect(await ledger.storeIds(["example.org"])).toEqual(new Map());
      await ledger.setStoreId(["example.org", "example.net"], "one");
      await ledger.setStoreId(["example.net"], "two");
      const other = await opened.again();
      expect(await other.storeIds(["example.org", "example.net", "example.com"])).toEqual(
        new Map([
          ["example.org", "one"],
          ["example.net", "two"],
        ]),
      );
      expect(await ledger.storeIds([])).toEqual(new Map());
    });

    test("is tried with files of many users; only complete ones are in it, and there is one if any is", async () => {
      expect(await ledger.sample("example.org", 10)).toEqual([]);
      for (let i = 0; i < 20; i += 1) await reserve({ jid: `a${i}@example.org` });
      expect(await ledger.sample("example.org", 10)).toEqual([]);
      const old = await upload({ jid: "x@example.org" });
      await upload({ jid: "x@example.org" });
      const last = await upload({ jid: "x@example.org" });
      const other = await upload({ jid: "y@example.org", purpose: "profile" });
      await upload({ domain: "example.net", jid: "z@example.net" });
      await ledger.markForDeletion([await upload({ jid: "v@example.org" })]);
      expect(tokens(await ledger.sample("example.org", 10)).toSorted()).toEqual(
        [old, last, other].toSorted(),
      );
      expect(tokens(await ledger.sample("example.org", 2)).toSorted()).toEqual([last, other].toSorted());
      expect(await ledger.sample("example.org", 1)).toHaveLength(1);
    });
  });
}
