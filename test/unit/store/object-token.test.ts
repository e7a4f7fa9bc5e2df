import { describe, expect, test } from "bun:test";
import { datedToken, expiryOfToken, isToken } from "../../../src/store/object-token.ts";

const hex = "0123456789abcdef";

describe("a token", () => {
  test("carries the second at which its object expires", () => {
    const dated = datedToken(hex, new Date("2030-01-02T03:04:05.999Z"));
    expect(dated).toBe(`${hex}-1893553445`);
    expect(isToken(dated)).toBe(true);
    expect(expiryOfToken(dated)).toEqual(new Date("2030-01-02T03:04:05Z"));
  });

  test("carries none where the object stays", () => {
    expect(isToken(hex)).toBe(true);
    expect(expiryOfToken(hex)).toBeUndefined();
  });

  test.each([
    "",
    "abc",
    hex.toUpperCase(),
    `${hex}-`,
    `${hex}-1-2`,
    `${hex}-x`,
    `${hex}/`,
    `${hex}-1\n`,
    "..",
    "a".repeat(193),
  ])("is not %j", (text) => expect(isToken(text)).toBe(false));
});
