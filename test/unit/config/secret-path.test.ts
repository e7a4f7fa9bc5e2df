import { describe, expect, test } from "bun:test";
import { isSecretPath } from "../../../src/config/secret-path.ts";

describe("a secret path", () => {
  test.each([
    "/0123456789abcdef0123456789abcdef",
    "/ask/0123456789abcdef0123456789abcdef",
    "/dGhlIHNlY3JldCBvZiBzb21l",
    "/dGhlIHNlY3JldCBvZiBzb21l/ask",
  ])("is %s", (path) => expect(isSecretPath(path)).toBe(true));

  test.each([
    "",
    "/",
    "0123456789abcdef0123456789abcdef",
    "/0123456789abcdef0123456789abcde",
    "/0123456789abcdef/0123456789abcdef",
    "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "/0123456789012345678901234567890",
    "/dGhlIHNlY3JldCBvZiBzb",
    "/0123456789abcdef0123456789abcdef?x",
    "/0123456789abcdef0123456789abcd%65f",
  ])("is not %s", (path) => expect(isSecretPath(path)).toBe(false));
});
