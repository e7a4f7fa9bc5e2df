import { expect, test } from "bun:test";
import { CheckMarks } from "../../../src/ops/check-marks.ts";

test("a mark is known for ten minutes, and of many the last ones", () => {
  let clock = 0;
  const marks = new CheckMarks(() => clock);
  expect(marks.has("00000000")).toBe(false);
  marks.add("00000000");
  expect([marks.has("00000000"), marks.has("00000001"), marks.has(undefined)]).toEqual([true, false, false]);
  clock += 10 * 60_000;
  expect(marks.has("00000000")).toBe(false);
  for (let i = 0; i < 100; i += 1) marks.add(String(i));
  expect([marks.has("83"), marks.has("84"), marks.has("99")]).toEqual([false, true, true]);
});
