import { describe, expect, test } from "bun:test";
import { type Policy, refuse } from "../../../src/slot/policy.ts";
import { refusalCodes } from "../../../src/slot/refusal.ts";

const request = { filename: "a.txt", size: 100, contentType: undefined };
const alice = { bareJid: "alice@example.net", domain: "example.net" };
const policy: Policy = { access: ["example.net"], maxFileSize: 100 };

describe("the policy", () => {
  test("grants a slot to the served domain up to the limit", () => {
    expect(refuse(request, alice, policy)).toBeUndefined();
  });

  test("refuses a size over the limit with the limit", () => {
    expect(refuse({ ...request, size: 101 }, alice, policy)).toMatchObject({
      kind: "too-large",
      maxFileSize: 100,
    });
  });

  test("grants any size where there is no limit", () => {
    const size = Number.MAX_SAFE_INTEGER;
    expect(refuse({ ...request, size }, alice, { ...policy, maxFileSize: undefined })).toBeUndefined();
  });

  test.each([
    [["example.net"], "ok"],
    [["alice@example.net"], "ok"],
    [["*"], "ok"],
    [["bob@example.net", "alice@example.net"], "ok"],
    [["bob@example.net"], "forbidden"],
    [["net"], "forbidden"],
    [["sub.example.net"], "forbidden"],
    [[], "forbidden"],
  ])("with access for %j is %s for alice", (access, outcome) => {
    expect(refuse(request, alice, { ...policy, access })?.kind ?? "ok").toBe(outcome as "forbidden");
  });

  test("says who may not upload before it says what is too large", () => {
    expect(
      refuse({ ...request, size: 101 }, { bareJid: "eve@evil.example", domain: "evil.example" }, policy)
        ?.kind,
    ).toBe("forbidden");
  });
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
