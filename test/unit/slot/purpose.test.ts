import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatDateTime, parseDateTime } from "../../../src/slot/date-time.ts";
import { matchesGlob } from "../../../src/slot/media-type-rules.ts";
import { readPurpose } from "../../../src/slot/stated-purpose.ts";

const one = (name: string, expireBefore?: string) => readPurpose([{ name, expireBefore }]);

describe("a purpose", () => {
  test("is message when none is stated", () => {
    expect(readPurpose([])).toEqual({ purpose: "message" });
  });

  test.each(["message", "profile", "permanent"] as const)("can be %s", (purpose) => {
    expect(one(purpose)).toEqual({ purpose });
  });

  test("can be ephemeral, with a time", () => {
    expect(one("ephemeral", "2025-09-10T23:08:25Z")).toEqual({
      purpose: "ephemeral",
      expireBefore: new Date("2025-09-10T23:08:25Z"),
    });
  });

  test.each([
    ["ephemeral without a time", [{ name: "ephemeral", expireBefore: undefined }]],
    ["ephemeral with another time", [{ name: "ephemeral", expireBefore: "tomorrow" }]],
    ["an unknown one", [{ name: "story", expireBefore: undefined }]],
    ["one of another case", [{ name: "Message", expireBefore: undefined }]],
    [
      "two",
      [
        { name: "message", expireBefore: undefined },
        { name: "profile", expireBefore: undefined },
      ],
    ],
    ["the same one twice", Array.from({ length: 2 }, () => ({ name: "message", expireBefore: undefined }))],
  ])("cannot be %s", (_, raw) => {
    expect(readPurpose(raw)).toMatchObject({ kind: "bad-request", text: expect.any(String) });
  });
});

describe("a date and time", () => {
  test.each([
    ["2017-12-03T23:42:05Z", "2017-12-03T23:42:05.000Z"],
    ["2017-12-03T23:42:05.999Z", "2017-12-03T23:42:05.000Z"],
    ["2017-12-03T23:42:05.123456789Z", "2017-12-03T23:42:05.000Z"],
    ["2017-12-03T23:42:05+02:00", "2017-12-03T21:42:05.000Z"],
    ["2017-12-31T23:42:05-05:30", "2018-01-01T05:12:05.000Z"],
    ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"],
    ["0099-01-01T00:00:00Z", "0099-01-01T00:00:00.000Z"],
  ])("%s is %s", (text, iso) => {
    expect(parseDateTime(text)?.toISOString()).toBe(iso);
  });

  test.each([
    "",
    "2017-12-03",
    "2017-12-03T23:42:05",
    "2017-12-03 23:42:05Z",
    "2017-12-03t23:42:05z",
    "2017-12-03T23:42Z",
    "2017-13-03T23:42:05Z",
    "2017-00-03T23:42:05Z",
    "2023-02-29T00:00:00Z",
    "2017-12-03T24:00:00Z",
    "2017-12-03T23:60:00Z",
    "2017-12-03T23:59:60Z",
    "2017-12-03T23:42:05+2:00",
    "2017-12-03T23:42:05+0200",
    "2017-12-03T23:42:05+24:00",
    "12017-12-03T23:42:05Z",
    " 2017-12-03T23:42:05Z",
    "2017-12-03T23:42:05Z\n",
    "20171203T23:42:05",
  ])("%j is none", (text) => {
    expect(parseDateTime(text)).toBeUndefined();
  });

  test("is written in UTC, rounded up to the second, and read back as that second", () => {
    const date = fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true });
    fc.assert(
      fc.property(date, (when) => {
        const text = formatDateTime(when);
        expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        expect(parseDateTime(text)?.getTime()).toBe(Math.ceil(when.getTime() / 1000) * 1000);
      }),
      { numRuns: 300 },
    );
  });
});

describe("a glob of media types", () => {
  test("is held against a type in linear time", () => {
    const started = performance.now();
    matchesGlob(`a/${"a".repeat(250)}`, `a/${"*a".repeat(100)}*b`);
    expect(performance.now() - started).toBeLessThan(50);
  });

  test("agrees with a regular expression", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b", "*"), maxLength: 8 });
    const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 10 });
    fc.assert(
      fc.property(word, text, (glob, subtype) => {
        const pattern = new RegExp(`^${glob.replaceAll("*", ".*")}$`);
        expect(matchesGlob(`x/${subtype}`, `x/${glob}`)).toBe(pattern.test(subtype));
      }),
      { numRuns: 1000 },
    );
  });
});
