import { expect, test } from "bun:test";
import fc from "fast-check";
import { editDistance, nearest } from "../../../src/config/suggest.ts";

test.each([
  ["serv", "serve"],
  ["conifg", "config"],
  ["INIT", "init"],
  ["frobnicate", undefined],
  ["", undefined],
] as const)("%p is taken for %p", (word, meant) => {
  expect(nearest(word, ["serve", "init", "slot", "config"])).toBe(meant);
});

test("a swap of neighbours is one change", () => expect(editDistance("regoin", "region")).toBe(1));

test("the distance is 0 for the same word, the same both ways, and at most the longer length", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
      expect(editDistance(a, a)).toBe(0);
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
    }),
  );
});
