import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { LedgerAwayError } from "../../src/ledger/errors.ts";
import type { Ledger, LedgerFile, Limits } from "../../src/ledger/ledger.ts";
import type { SlotRequest } from "../../src/slot/slot.ts";
import { requestSlot, type SlotMaker } from "../../src/slots.ts";
import { noLimits, type TestLedger } from "../contract/ledger.ts";
import { openTestLedger } from "./ledger/test-ledger.ts";
import { policyOf, unlimited } from "./slot/policy-fixture.ts";

const start = new Date("2030-01-02T03:04:05Z");
let now = start;
const alice = { bareJid: "alice@example.net", domain: "example.net" };
const request: SlotRequest = { filename: "a.txt", size: 5, contentType: undefined, purpose: "message" };
const slot = { putUrl: "https://p", getUrl: "https://g" };

describe("a slot that is written down", () => {
  let opened: TestLedger;
  let evicted: LedgerFile[];
  beforeEach(async () => {
    now = start;
    opened = await openTestLedger(() => now);
    evicted = [];
  });
  afterEach(() => opened.stop());

  const ask = (limits: Partial<Limits>, change: Partial<SlotMaker> & { ledger?: SlotLedger } = {}) => {
    const maker: SlotMaker = {
      policy: policyOf({ purposes: { message: { ...unlimited, retention: 3600 } } }),
      bucket: { slot: () => slot },
      expirationTime: 60,
      tokenBytes: 16,
      datesTokens: false,
      record: {
        ledger: change.ledger ?? opened.ledger,
        domain: "example.net",
        limits: () => ({ ...noLimits, ...limits }),
        evicted: (files) => evicted.push(...files),
      },
      ...change,
    };
    return requestSlot(request, alice, maker, { now: () => now, randomBytes });
  };
  type SlotLedger = Pick<Ledger, "reserve" | "release">;

  test("is reserved for its requester, its size, and until its PUT URL expires", async () => {
    expect(await ask({})).toEqual(slot);
    const [file] = await opened.ledger.files({ limit: 10 });
    expect(file).toMatchObject({
      ...{ domain: "example.net", jid: "alice@example.net", purpose: "message", filename: "a.txt", size: 5 },
      ...{ state: "reserved", reserved: now, expires: new Date(now.getTime() + 3_600_000) },
    });
    expect(file?.askAt?.getTime()).toBeGreaterThan(now.getTime() + 60_000);
  });

  test("over a quota is refused with what is used, allowed and asked for, and when to try again", async () => {
    await ask({});
    const [file] = await opened.ledger.files({ limit: 1 });
    await opened.ledger.complete(file?.token ?? "", 5, () => noLimits);
    expect(await ask({ user: { bytes: 8, files: undefined } })).toEqual({
      kind: "over-quota",
      text: "Quota reached: your files use 5 bytes of 8 bytes, and this file has 5 bytes. Try again in 60 minutes.",
      retryAt: new Date("2030-01-02T04:04:05Z"),
    });
  });

  test("is refused for its rate with the time of the next one", async () => {
    const rates = [{ name: "alice@example.net", rate: { slotsPerMinute: 2, burst: 1 } }];
    expect(await ask({ rates })).toEqual(slot);
    expect(await ask({ rates })).toEqual({
      kind: "too-fast",
      text: "Too many uploads in a short time: at most 1 at once are allowed. Try again in 30 seconds.",
      retryAt: new Date("2030-01-02T03:04:35Z"),
    });
  });

  test("that cannot be signed is taken back", async () => {
    const failing = () => {
      throw new Error("no keys");
    };
    await expect(ask({}, { bucket: { slot: failing } })).rejects.toThrow("no keys");
    expect(await opened.ledger.files({ limit: 10 })).toEqual([]);
    expect(await opened.ledger.audit()).toEqual([]);
  });

  test("tells what had expired and was evicted for it", async () => {
    await ask({});
    const [file] = await opened.ledger.files({ limit: 1 });
    await opened.ledger.complete(file?.token ?? "", 5, () => noLimits);
    now = file?.expires ?? start;
    await ask({ user: { bytes: 5, files: undefined } });
    expect(evicted.map(({ token }) => token)).toEqual([file?.token ?? ""]);
  });

  test("is refused while the ledger is away, with a time to try again", async () => {
    const away = () => Promise.reject(new LedgerAwayError("it is unplugged"));
    expect(await ask({}, { ledger: { reserve: away, release: away } })).toMatchObject({
      kind: "ledger-away",
      retryAt: new Date("2030-01-02T03:04:20Z"),
    });
  });

  test("is not reserved when the policy refuses it", async () => {
    const outcome = ask({}, { policy: policyOf({ access: [] }) });
    expect(outcome).toMatchObject({ kind: "forbidden" });
    expect(await opened.ledger.files({ limit: 10 })).toEqual([]);
  });
});
