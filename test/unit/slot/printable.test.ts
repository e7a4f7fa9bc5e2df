import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { printable, printableJson, unprintable } from "../../../src/slot/printable.ts";

describe("a stranger's text in a message", () => {
  test.each([
    ["a\r\n12:00:00 info  Stored.", "a\\u{D}\\u{A}12:00:00 info  Stored."],
    ["\x1b[31mred\x9b0m\x7f", "\\u{1B}[31mred\\u{9B}0m\\u{7F}"],
    ["\u2028\u2029\u202egpj.exe\u2066", "\\u{2028}\\u{2029}\\u{202E}gpj.exe\\u{2066}"],
    ["\ud800x\udc00", "\\u{D800}x\\u{DC00}"],
    ["\u{e0041}\u200b\ufeff", "\\u{E0041}\\u{200B}\\u{FEFF}"],
    ["Grüße, 世界 🎉", "Grüße, 世界 🎉"],
  ])("%j is shown as %s", (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  test("is cut to its beginning, between characters", () => {
    expect(printable("x".repeat(1_000_000), 40)).toBe(`${"x".repeat(40)}…`);
    expect(printable("🎉".repeat(30), 5)).toBe("🎉🎉…");
    expect(printable("x".repeat(40), 40)).toBe("x".repeat(40));
  });

  test("has nothing unprintable left, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), fc.nat(300), (text, most) => {
        const shown = printable(text, most);
        expect(shown.search(unprintable)).toBe(-1);
        expect(shown.isWellFormed()).toBe(true);
        expect(shown.length).toBeLessThanOrEqual(most * 10 + 1);
      }),
    );
  });

  test("is the same text in JSON, of which nothing steers a terminal", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 100 }), (text) => {
        const json = printableJson(JSON.stringify({ text }));
        expect(json.search(unprintable)).toBe(-1);
        expect(JSON.parse(json)).toEqual({ text });
      }),
    );
  });
});
