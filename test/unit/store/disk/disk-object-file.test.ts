import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  decodeTrailer,
  encodeTrailer,
  maxTrailerSize,
  ObjectFileError,
} from "../../../../src/store/disk/object-file.ts";

const created = new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678));

function fileOf(content: Uint8Array, filename = "a.txt", contentType = "text/plain"): Uint8Array {
  return Buffer.concat([content, encodeTrailer({ filename, contentType, size: content.length }, created)]);
}

describe("the trailer of an object file", () => {
  test("comes back as it was written, for any content, name, type and times", () => {
    const date = fc.date({ min: new Date(0), max: new Date(8.64e15), noInvalidDate: true });
    const text = fc.string({ unit: "binary", maxLength: 255 });
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 9000 }),
        text,
        text,
        date,
        fc.option(date, { nil: undefined }),
        (content, filename, contentType, when, expiry) => {
          const trailer = encodeTrailer({ filename, contentType, size: content.length, expiry }, when);
          const file = Buffer.concat([content, trailer]);
          const tail = file.subarray(Math.max(0, file.length - maxTrailerSize));
          expect(decodeTrailer(tail, file.length)).toEqual({
            filename,
            contentType,
            size: content.length,
            created: when,
            expiry,
          });
        },
      ),
      { numRuns: 300, interruptAfterTimeLimit: 2000 },
    );
  });

  test("never passes the most that a reader reads, with 255 bytes of the worst name and type", () => {
    const worst = "\u0001".repeat(255);
    const trailer = encodeTrailer(
      { filename: worst, contentType: worst, size: Number.MAX_SAFE_INTEGER, expiry: new Date(8.64e15) },
      created,
    );
    expect(trailer.length).toBeLessThan(maxTrailerSize);
    const tooLong = { filename: worst.repeat(3), contentType: "a/b", size: 1 };
    expect(() => encodeTrailer(tooLong, created)).toThrow(RangeError);
  });

  test("is refused when any one byte of it is changed", () => {
    const file = fileOf(Buffer.from("hello"));
    for (let i = 5; i < file.length; i += 1) {
      const bent = Uint8Array.from(file, (byte, at) => (at === i ? byte ^ 1 : byte));
      expectDamaged(() => decodeTrailer(bent, bent.length));
    }
  });

  test("is refused when the file is cut anywhere, or has grown, at either end", () => {
    const file = fileOf(Buffer.from("hello"));
    for (let end = 0; end < file.length; end += 1)
      expectDamaged(() => decodeTrailer(file.subarray(0, end), end));
    expectDamaged(() => decodeTrailer(file.subarray(1), file.length - 1));
    expectDamaged(() => decodeTrailer(Buffer.concat([file, Buffer.from("x")]), file.length + 1));
    expectDamaged(() => decodeTrailer(Buffer.concat([Buffer.from("x"), file]), file.length + 1));
  });

  test("of an object that expires is one that an older slotd refuses, and of another one that it reads", () => {
    const about = { filename: "a", contentType: "a/b", size: 0 };
    expect(Buffer.from(encodeTrailer({ ...about, expiry: created }, created)).toString()).toContain('"v":2');
    expect(Buffer.from(encodeTrailer(about, created)).toString()).toContain('"v":1');
  });

  test("is not looked for inside the content", () => {
    const inner = fileOf(Buffer.from("inner"), "inner.txt");
    const file = fileOf(inner, "outer.txt");
    expect(decodeTrailer(file, file.length).filename).toBe("outer.txt");
  });

  test("never makes sense of arbitrary bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) =>
        expectDamaged(() => decodeTrailer(bytes, bytes.length)),
      ),
      { numRuns: 300, interruptAfterTimeLimit: 1000 },
    );
  });
});

function expectDamaged(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    expect(error).toBeInstanceOf(ObjectFileError);
    expect((error as ObjectFileError).code).toBe("damaged");
    return;
  }
  throw new Error("a damaged trailer was accepted");
}
