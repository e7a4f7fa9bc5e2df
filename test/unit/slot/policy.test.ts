import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { expiryOf, isOffered, type Policy, purposesOn, refuse } from "../../../src/slot/policy.ts";
import { type Purpose, purposes } from "../../../src/slot/purpose.ts";
import { refusalCodes } from "../../../src/slot/refusal.ts";
import type { SlotRequest } from "../../../src/slot/slot.ts";
import { policyOf, unlimited } from "./policy-fixture.ts";

const now = new Date("2026-01-02T03:04:05.678Z");
const request: SlotRequest = { filename: "a.txt", size: 100, contentType: undefined, purpose: "message" };
const alice = { bareJid: "alice@example.net", domain: "example.net" };
const bot = { bareJid: "bot.example.net", domain: "bot.example.net" };
const limit100 = { ...unlimited, maxFileSize: 100 };

function kindFor(policy: Policy, requester = alice, change: Partial<SlotRequest> = {}): string {
  return refuse({ ...request, ...change }, requester, policy, now)?.kind ?? "ok";
}

describe("the policy on who may upload", () => {
  test.each([
    [["example.net"], "ok"],
    [["alice@example.net"], "ok"],
    [["*"], "ok"],
    [["bob@example.net", "alice@example.net"], "ok"],
    [["bob@example.net"], "forbidden"],
    [["net"], "forbidden"],
    [["sub.example.net"], "forbidden"],
    [["*.net"], "ok"],
    [["*.example.net"], "forbidden"],
    [[], "forbidden"],
  ])("with access for %j is %s for alice", (access, outcome) => {
    expect(kindFor(policyOf({ access }))).toBe(outcome);
  });

  test.each([
    [["example.net"], "forbidden"],
    [["alice@example.net"], "forbidden"],
    [["*"], "forbidden"],
    [["bob@example.net", "bot.example.net"], "ok"],
    [[], "ok"],
  ])("who is denied (%j) may not, whatever access says: %s for alice", (deny, outcome) => {
    expect(kindFor(policyOf({ access: ["alice@example.net", "*"], deny }))).toBe(outcome);
  });

  test.each([
    [["bot.example.net"], [], "ok"],
    [["*.example.net"], [], "ok"],
    [["example.net"], [], "forbidden"],
    [["*"], ["bot.example.net"], "forbidden"],
    [["*"], ["*.example.net"], "forbidden"],
  ])("a host with access for %j and without %j is %s", (access, deny, outcome) => {
    expect(kindFor(policyOf({ access, deny }), bot)).toBe(outcome);
  });

  test("announces the service to exactly those whom it does not refuse", () => {
    const jids = ["alice@example.net", "bob@example.net", "eve@other.org", "bot.example.net", "other.org"];
    const entries = ["*", "example.net", "*.example.net", "other.org", ...jids];
    const lists = fc.subarray(entries);
    fc.assert(
      fc.property(lists, lists, fc.constantFrom(...jids), (access, deny, bareJid) => {
        const requester = { bareJid, domain: bareJid.slice(bareJid.indexOf("@") + 1) };
        const policy = policyOf({ access, deny });
        const isRefused = kindFor(policy, requester) === "forbidden";
        expect(isOffered(requester, policy, ["example.net", "upload.example.net"])).toBe(!isRefused);
      }),
    );
  });

  test.each([
    [["example.net"], [], true],
    [["*"], [], true],
    [["other.org", "alice@example.net"], [], true],
    [["other.org", "alice@example.net"], ["alice@example.net"], false],
    [["alice@example.net"], ["example.net"], false],
    [["other.org", "alice@other.org"], [], false],
    [[], [], false],
  ])(
    "with access for %j and without %j it is announced to the served domain itself: %p",
    (access, deny, told) => {
      const own = ["example.net", "upload.example.net"] as const;
      for (const bareJid of own)
        expect(isOffered({ bareJid, domain: bareJid }, policyOf({ access, deny }), own)).toBe(told);
      const stranger = { bareJid: "another.example", domain: "another.example" };
      expect(isOffered(stranger, policyOf({ access, deny }), own)).toBe(access.includes("*"));
    },
  );

  test("is told before anything about the file", () => {
    const policy = policyOf({ access: [], purposes: { message: { ...limit100, enabled: false } } });
    expect(kindFor(policy, alice, { size: 101 })).toBe("forbidden");
  });
});

describe("the policy on sizes", () => {
  test("refuses a size over the limit of the purpose, with that limit", () => {
    const policy = policyOf({ purposes: { message: limit100, profile: { ...unlimited, maxFileSize: 50 } } });
    expect(refuse({ ...request, size: 101 }, alice, policy, now)).toMatchObject({
      kind: "too-large",
      maxFileSize: 100,
    });
    expect(refuse({ ...request, size: 51, purpose: "profile" }, alice, policy, now)).toMatchObject({
      kind: "too-large",
      maxFileSize: 50,
      text: expect.stringContaining('for the purpose "profile" is 50 bytes'),
    });
    expect(kindFor(policy, alice, { size: 100 })).toBe("ok");
  });

  test("grants no more than 1 TiB where there is no limit, and says so", () => {
    expect(refuse({ ...request, size: 2 ** 40 + 1 }, alice, policyOf(), now)).toMatchObject({
      kind: "too-large",
      maxFileSize: 2 ** 40,
    });
    const much = policyOf({ purposes: { message: { ...unlimited, maxFileSize: 2 ** 50 } } });
    expect(kindFor(much, alice, { size: Number.MAX_SAFE_INTEGER })).toBe("too-large");
    expect(kindFor(policyOf(), alice, { size: 2 ** 40 })).toBe("ok");
  });
});

describe("the policy on types", () => {
  test.each([
    [["image/*"], [], "image/png", "ok"],
    [["image/*"], [], "IMAGE/PNG; name=x", "ok"],
    [["image/*"], [], "video/mp4", "type-not-allowed"],
    [["image/*"], ["image/svg+xml"], "image/svg+xml", "type-not-allowed"],
    [["image/*"], ["image/svg+xml"], "image/png", "ok"],
    [undefined, ["text/html"], "text/html;charset=utf-8", "type-not-allowed"],
    [undefined, ["text/html"], "text/plain", "ok"],
    [undefined, ["*/*+xml"], "image/svg+xml", "type-not-allowed"],
    [["application/vnd.*"], [], "application/vnd.oasis.text", "ok"],
    [["application/vnd.*"], [], "application/x-vnd.oasis", "type-not-allowed"],
    [["*"], [], "a/b", "ok"],
    [["*/*"], [], "a/b", "ok"],
    [["image/*"], [], undefined, "type-not-allowed"],
    [undefined, ["text/html"], undefined, "type-not-allowed"],
    [undefined, [], undefined, "ok"],
  ])("allowed %j without %j: %j is %s", (allowed, denied, contentType, outcome) => {
    expect(kindFor(policyOf({ types: { allowed, denied } }), alice, { contentType })).toBe(outcome);
  });

  test("says what came and what is allowed", () => {
    const policy = policyOf({ types: { allowed: ["image/*", "video/mp4"], denied: ["image/svg+xml"] } });
    expect(refuse({ ...request, contentType: "text/html" }, alice, policy, now)?.text).toBe(
      "The service does not accept files of the type text/html. Expected one of image/*, video/mp4, except image/svg+xml.",
    );
  });
});

describe("the policy on purposes", () => {
  test("refuses one that is off, and says which are on", () => {
    const policy = policyOf({ purposes: { permanent: { ...unlimited, enabled: false } } });
    expect(refuse({ ...request, purpose: "permanent" }, alice, policy, now)).toEqual({
      kind: "purpose-off",
      text: 'The service does not accept files for the purpose "permanent"; expected one of message, profile, ephemeral.',
    });
    expect(purposesOn(policy)).toEqual(["message", "profile", "ephemeral"]);
  });

  test("refuses each of them where all are off", () => {
    const off = { ...unlimited, enabled: false };
    const policy = policyOf({ purposes: { message: off, profile: off, ephemeral: off, permanent: off } });
    expect(refuse(request, alice, policy, now)?.text).toEndWith("; it accepts no other purpose either.");
  });

  test.each([
    ["2026-01-02T03:04:05Z", "bad-request"],
    ["2026-01-02T03:04:04Z", "bad-request"],
    ["2026-01-02T03:04:06Z", "ok"],
  ])("expire-before %s, at 03:04:05.678, is %s", (time, outcome) => {
    expect(kindFor(policyOf(), alice, { purpose: "ephemeral", expireBefore: new Date(time) })).toBe(outcome);
  });
});

describe("the expiry of a file", () => {
  const rules = (retention: number | undefined) =>
    policyOf({ purposes: { message: { ...unlimited, retention }, ephemeral: { ...unlimited, retention } } });

  test.each([
    ["message", undefined, undefined, undefined],
    ["message", 60, undefined, "2026-01-02T03:05:05.000Z"],
    ["ephemeral", undefined, "2026-01-02T03:04:09Z", "2026-01-02T03:04:09.000Z"],
    ["ephemeral", 60, "2026-01-02T03:04:09Z", "2026-01-02T03:04:09.000Z"],
    ["ephemeral", 2, "2026-01-02T03:04:09Z", "2026-01-02T03:04:07.000Z"],
  ] as const)(
    "of the purpose %s kept for %p s and until %p is %p",
    (purpose, retention, before, expected) => {
      const expireBefore = before === undefined ? undefined : new Date(before);
      expect(expiryOf({ ...request, purpose, expireBefore }, rules(retention), now)?.toISOString()).toBe(
        expected,
      );
    },
  );

  test("is a whole second, never after expire-before nor after the retention", () => {
    const time = fc.date({ min: now, max: new Date("2100-01-01T00:00:00Z"), noInvalidDate: true });
    fc.assert(
      fc.property(
        time,
        fc.option(fc.integer({ min: 1, max: 1e9 }), { nil: undefined }),
        (before, retention) => {
          const asked = { ...request, purpose: "ephemeral" as Purpose, expireBefore: before };
          const expiry = expiryOf(asked, rules(retention), now)?.getTime() ?? Number.NaN;
          expect(expiry % 1000).toBe(0);
          expect(expiry).toBeLessThanOrEqual(before.getTime());
          expect(expiry).toBeLessThanOrEqual(now.getTime() + (retention ?? 1e12) * 1000);
        },
      ),
      { numRuns: 300 },
    );
  });
});

test("every purpose of the XEP is known", () => {
  expect(purposes).toEqual(["message", "profile", "ephemeral", "permanent"]);
});

test("each failure of an upload has an HTTP status of its own", () => {
  const kinds = [
    "wrong-length",
    "wrong-type",
    "expired",
    "bad-signature",
    "exists",
    "too-large",
    "full",
  ] as const;
  expect(new Set(kinds.map((kind) => refusalCodes[kind].status)).size).toBe(kinds.length);
});
