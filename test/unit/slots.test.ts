import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import type { SlotRequest } from "../../src/slot/slot.ts";
import { requestSlot } from "../../src/slots.ts";
import type { NewObject } from "../../src/store/bucket.ts";
import { policyOf, unlimited } from "./slot/policy-fixture.ts";

const now = new Date("2026-01-02T03:04:05Z");
const alice = { bareJid: "alice@example.net", domain: "example.net" };
const request: SlotRequest = { filename: "a.txt", size: 5, contentType: undefined, purpose: "message" };

/** What the bucket is asked for. */
function askedFor(change: Partial<SlotRequest>, retention: number | undefined, datesTokens = false) {
  const asked: { object: NewObject; expiresIn: number }[] = [];
  const bucket = {
    slot: (object: NewObject, expiresIn: number) => {
      asked.push({ object, expiresIn });
      return { putUrl: "https://p", getUrl: "https://g" };
    },
  };
  const rules = { ...unlimited, retention };
  const policy = policyOf({ purposes: { message: rules, ephemeral: rules } });
  const maker = { policy, bucket, expirationTime: 60, tokenBytes: 16, datesTokens, record: undefined };
  const outcome = requestSlot({ ...request, ...change }, alice, maker, { now: () => now, randomBytes });
  return { outcome, asked };
}

describe("a slot", () => {
  test("is for an object that expires with its purpose's retention", () => {
    const { asked } = askedFor({}, 3600);
    expect(asked[0]).toMatchObject({
      object: { filename: "a.txt", size: 5, expiry: new Date("2026-01-02T04:04:05Z") },
      expiresIn: 60,
    });
  });

  test("has a PUT URL that ends with the file, when that is sooner", () => {
    const change = { purpose: "ephemeral", expireBefore: new Date("2026-01-02T03:04:08Z") } as const;
    expect(askedFor(change, 3600).asked[0]).toMatchObject({
      object: { expiry: change.expireBefore },
      expiresIn: 3,
    });
  });

  test("is for an object that stays where nothing limits it", () => {
    expect(askedFor({}, undefined).asked[0]?.object.expiry).toBeUndefined();
  });

  test("carries the time in its token where the store keeps nothing else with an object", () => {
    const token = (retention: number | undefined, isDated: boolean) =>
      askedFor({}, retention, isDated).asked[0]?.object.token;
    expect(token(60, true)).toMatch(/^[0-9a-f]{32}-1767323105$/);
    expect(token(undefined, true)).toMatch(/^[0-9a-f]{32}$/);
    expect(token(60, false)).toMatch(/^[0-9a-f]{32}$/);
  });

  test("is not made when the policy refuses it", () => {
    const change = { purpose: "ephemeral", expireBefore: now } as const;
    expect(askedFor(change, undefined)).toMatchObject({ outcome: { kind: "bad-request" }, asked: [] });
  });
});
