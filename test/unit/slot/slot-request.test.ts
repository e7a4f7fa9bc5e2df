import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isMediaType, readSlotRequest } from "../../../src/slot/slot-request.ts";

const good = { filename: "très cool.jpg", size: "23456", contentType: "image/jpeg" };

function kindOf(raw: Partial<typeof good> | { filename?: undefined; size?: undefined }): string {
  const outcome = readSlotRequest({ ...good, ...raw });
  return "kind" in outcome ? outcome.kind : "ok";
}

describe("a slot request", () => {
  test("keeps the name, the size and the type as they came", () => {
    expect(readSlotRequest(good)).toEqual({
      filename: "très cool.jpg",
      size: 23456,
      contentType: "image/jpeg",
      purpose: "message",
    });
  });

  test.each([
    ["", "bad-filename"],
    [undefined, "bad-filename"],
    [".", "bad-filename"],
    ["..", "bad-filename"],
    ["a/b", "bad-filename"],
    ["a\\b", "bad-filename"],
    ["a\0b", "bad-filename"],
    ["a\nb", "bad-filename"],
    ["a\u007fb", "bad-filename"],
    ["a\u0085b", "bad-filename"],
    ["\ud800", "bad-filename"],
    ["x".repeat(256), "bad-filename"],
    [`${"é".repeat(127)}xx`, "bad-filename"],
    ["x".repeat(255), "ok"],
    [`${"é".repeat(127)}x`, "ok"],
    ["...", "ok"],
    [".htaccess", "ok"],
    [" ", "ok"],
    ["100%25 + 'q' (1) ~#?&=;:@,$*![]{}|^\"<>.png", "ok"],
    ["🐈‍⬛.webp", "ok"],
  ])("with the filename %j is %s", (filename, kind) => {
    expect(kindOf({ filename } as { filename: string })).toBe(kind);
  });

  test.each([
    ["0", "ok"],
    ["9007199254740991", "ok"],
    ["9007199254740993", "bad-size"],
    ["99999999999999999999", "bad-size"],
    ["-1", "bad-size"],
    ["+1", "bad-size"],
    ["1.5", "bad-size"],
    ["1e3", "bad-size"],
    ["0x10", "bad-size"],
    ["", "bad-size"],
    [" 5", "bad-size"],
    ["5 ", "bad-size"],
    ["٣", "bad-size"],
    ["Infinity", "bad-size"],
    [undefined, "bad-size"],
  ])("with the size %j is %s", (size, kind) => {
    expect(kindOf({ size } as { size: string })).toBe(kind);
  });

  test("counts an empty content type as absent", () => {
    expect(readSlotRequest({ ...good, contentType: "" })).toEqual({
      filename: "très cool.jpg",
      size: 23456,
      contentType: undefined,
      purpose: "message",
    });
  });

  test("names what was expected and what came", () => {
    expect(readSlotRequest({ ...good, size: "1e3" })).toEqual({
      kind: "bad-size",
      text: 'The size must be a whole number of bytes from 0 to 9007199254740991; got "1e3".',
    });
  });
});

describe("a media type", () => {
  test.each([
    "image/jpeg",
    "text/plain; charset=utf-8",
    "text/plain;charset=utf-8",
    'text/plain; charset="utf-8"; format=flowed',
    "application/vnd.oasis.opendocument.text",
    "image/svg+xml",
    'a/b; c="d\\"e"',
  ])("can be %s", (text) => {
    expect(isMediaType(text)).toBe(true);
  });

  test.each([
    "jpeg",
    "image/",
    "/jpeg",
    "image/jpeg; ",
    "image/jpeg;",
    "image/jpeg\r\nX-Evil: 1",
    "image/jpeg\n",
    "image/ jpeg",
    "image/jpeg, text/html",
    "text/plain; charset",
    'text/plain; charset="utf-8',
    "image/jpég",
    `a/${"b".repeat(254)}`,
  ])("cannot be %j", (text) => {
    expect(isMediaType(text)).toBe(false);
  });

  test("never holds a line break or a control character, whatever comes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const candidate = `image/${text}`;
        return !isMediaType(candidate) || /^[\t\x20-\x7e]*$/.test(candidate);
      }),
    );
  });

  test("is judged in linear time", () => {
    const started = performance.now();
    isMediaType(`a/b${' ;a="'.repeat(50)}`);
    isMediaType(`a/b${";a=b".repeat(60)}\n`);
    expect(performance.now() - started).toBeLessThan(100);
  });
});
