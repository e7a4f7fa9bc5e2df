import { expect, test } from "bun:test";
import fc from "fast-check";
import { sizeInWords, sizesInWords, timeInWords } from "../../../src/slot/plain-words.ts";

test.each([
  [0, "0 bytes"],
  [1, "1 byte"],
  [1023, "1023 bytes"],
  [1024, "1 KiB"],
  [1536, "1.5 KiB"],
  [10 * 1024 ** 2, "10 MiB"],
  [1_023_900, "0.976 MiB"],
  [1024 ** 2 - 1, "1 MiB"],
  [999.4 * 1024 ** 2, "999 MiB"],
  [2 ** 40, "1 TiB"],
  [Number.MAX_SAFE_INTEGER, "8 PiB"],
])("%d bytes are written as %s", (bytes, words) => {
  expect(sizeInWords(bytes)).toBe(words);
});

test("bytes are told where rounding would hide which size is the larger one, and only there", () => {
  expect(sizesInWords(10_485_761, 10_485_760)).toEqual([
    "10 MiB (10485761 bytes)",
    "10 MiB (10485760 bytes)",
  ]);
  expect(sizesInWords(11_534_336, 10_485_760)).toEqual(["11 MiB", "10 MiB"]);
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (one, other) => {
      const [size, limit] = sizesInWords(one, other);
      expect(size === limit).toBe(one === other);
    }),
  );
});

const now = new Date("2026-02-28T11:04:30.500Z");
test.each([
  ["2026-02-28T11:04:30.600Z", "in 1 second"],
  ["2026-02-28T11:04:51Z", "in 21 seconds"],
  ["2026-02-28T11:06:30Z", "in 2 minutes"],
  ["2026-02-28T12:04:30.500Z", "in 60 minutes"],
  ["2026-02-28T14:04:10Z", "in 3 hours, at 14:05 UTC"],
  ["2026-03-01T00:00:00Z", "in 13 hours, at 00:00 UTC"],
  ["2026-03-03T11:04:00Z", "in 3 days, on 2026-03-03 at 11:04 UTC"],
  // What is over already may be tried at once.
  ["2026-02-28T11:00:00Z", "in 1 second"],
])("%s is written as %s", (when, words) => {
  expect(timeInWords(new Date(when), now)).toBe(words);
});
