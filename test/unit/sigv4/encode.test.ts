import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { canonicalHeaderValue, canonicalPath } from "../../../src/sigv4/canonical-request.ts";
import { uriDecode, uriEncode, uriEncodePath } from "../../../src/sigv4/encode.ts";

describe("uriEncode", () => {
  test("leaves the unreserved characters", () => {
    const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    expect(uriEncode(unreserved)).toBe(unreserved);
  });

  test("encodes every other ASCII character with uppercase hex digits", () => {
    for (let code = 0; code < 128; code++) {
      const character = String.fromCharCode(code);
      if (/[A-Za-z0-9._~-]/.test(character)) continue;
      expect(uriEncode(character)).toBe(`%${code.toString(16).toUpperCase().padStart(2, "0")}`);
    }
  });

  test("encodes UTF-8 without normalising it", () => {
    expect(uriEncode("é")).toBe("%C3%A9");
    expect(uriEncode("e\u0301")).toBe("e%CC%81");
    expect(uriEncode("🦊")).toBe("%F0%9F%A6%8A");
  });

  test("encodes once: a percent sign in the name is one more character", () => {
    expect(uriEncode("100%20")).toBe("100%2520");
  });

  test("replaces a lone surrogate by U+FFFD", () => {
    expect(uriEncode("a\ud800b")).toBe("a%EF%BF%BDb");
  });

  test("is undone by decoding once, for any text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => uriDecode(uriEncode(text)) === text));
  });

  test("keeps the slashes of a path", () => {
    expect(uriEncodePath("/a b/c+d/")).toBe("/a%20b/c%2Bd/");
  });
});

describe("canonicalPath", () => {
  test.each([
    ["/a/b", "/a/b"],
    ["/%7Euser/%28x%29", "/~user/%28x%29"],
    ["/~user/(x)!*'", "/~user/%28x%29%21%2A%27"],
    ["/a%2fb", "/a%2Fb"],
    ["/a+b%2Bc", "/a%2Bb%2Bc"],
    ["/100%2520", "/100%2520"],
    ["//a/./../", "//a/./../"],
  ])("reads %s as %s", (raw, canonical) => {
    expect(canonicalPath(raw)).toBe(canonical);
  });

  test.each(["", "a/b", "/%", "/%2", "/%zz", "/%C3", "/%ED%A0%80", "/%C0%AF", "/é", "/a b", "/a\nb"])(
    "refuses %j",
    (raw) => {
      expect(canonicalPath(raw)).toBeUndefined();
    },
  );
});

test("a header value is trimmed and its white space made single spaces", () => {
  expect(canonicalHeaderValue(" \t text/plain;  charset=utf-8\t")).toBe("text/plain; charset=utf-8");
  expect(canonicalHeaderValue("a\r\n\t b")).toBe("a b");
  expect(canonicalHeaderValue("  ")).toBe("");
  expect(canonicalHeaderValue("\u00a0x\u00a0")).toBe("\u00a0x\u00a0");
});
