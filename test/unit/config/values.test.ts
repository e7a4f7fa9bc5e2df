import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  formatAddress,
  isLoopback,
  parseAccess,
  parseAddress,
  parseBaseUrl,
  parseByteSize,
  parseDomain,
} from "../../../src/config/values.ts";

describe("a number of bytes", () => {
  test.each([
    ["1", 1],
    ["10485760", 10485760],
    ["1B", 1],
    ["50MiB", 52428800],
    ["50 MiB", 52428800],
    ["50mib", 52428800],
    ["50MB", 50_000_000],
    ["1.5GiB", 1610612736],
    ["1.15KB", 1150],
    ["0.1KB", 100],
    ["2TB", 2e12],
    ["1TiB", 2 ** 40],
    ["1.0000000001 GB", 1_000_000_000],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
  ])("reads %p as %p", (text, bytes) => expect(parseByteSize(text)).toBe(bytes));

  test.each([
    "",
    "0",
    "0.9B",
    "-1",
    "1e3",
    "1.",
    ".5MB",
    "MB",
    "5 furlongs",
    "5 PB",
    "1,5MB",
    " 5",
    "5  MB",
    "1 M",
    "9007199254740992",
    "9000TiB",
  ])("refuses %p", (text) => expect(parseByteSize(text)).toBeUndefined());

  test("is exact for every whole number of every unit", () => {
    const units = { KB: 1e3, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8_000_000 }),
        fc.constantFrom(...Object.entries(units)),
        (count, [unit, size]) => {
          expect(parseByteSize(`${count}${unit}`)).toBe(count * size);
        },
      ),
    );
  });
});

describe("a domain", () => {
  test.each([
    ["Example.ORG", "example.org"],
    ["localhost", "localhost"],
    ["MÜNCHEN.example", "münchen.example"],
    ["mu\u0308nchen.example", "münchen.example"],
    ["xn--mnchen-3ya.example", "xn--mnchen-3ya.example"],
    ["例え.jp", "例え.jp"],
    ["example.org.", "example.org"],
    ["192.0.2.1", "192.0.2.1"],
    ["a_b.example", "a_b.example"],
  ])("%p is read as %p", (text, domain) => expect(parseDomain(text)).toBe(domain));

  test.each([
    "",
    ".",
    "a b.example",
    "a@b.example",
    "a/b",
    "a..b",
    "-a.example",
    "a-.example",
    "http://a",
    "a:5222",
    '"',
    `${"a".repeat(64)}.example`,
    `${"a.".repeat(140)}b`,
    "@HOST@",
    "a\n.b",
  ])("refuses %p", (text) => expect(parseDomain(text)).toBeUndefined());
});

describe("who may request slots", () => {
  test.each([
    ["*", "*"],
    ["Example.org", "example.org"],
    ["Alice@Example.org", "alice@example.org"],
    ["jürgen@münchen.example", "jürgen@münchen.example"],
    ["xn--mnchen-3ya.example", "münchen.example"],
    ["*.XN--MNCHEN-3YA.example.", "*.münchen.example"],
    ["\uff21lice@example.org.", "alice@example.org"],
  ])("%p is read as %p", (text, access) => expect(parseAccess(text)).toBe(access));

  test.each([
    "",
    "@example.org",
    "a@",
    "a@b@c",
    "a b@c",
    "alice@example.org/phone",
    "*@example.org/x",
    "<a>@b",
    "**",
  ])("refuses %p", (text) => expect(parseAccess(text)).toBeUndefined());
});

describe("an address", () => {
  test.each([
    ["127.0.0.1:5347", { host: "127.0.0.1", port: 5347 }],
    ["[::1]:5347", { host: "::1", port: 5347 }],
    ["xmpp.example.org:1", { host: "xmpp.example.org", port: 1 }],
    ["localhost:65535", { host: "localhost", port: 65535 }],
  ] as const)("%p is read, and written again", (text, address) => {
    expect(parseAddress(text, 1)).toEqual(address);
    expect(formatAddress(address)).toBe(text);
  });

  test.each([
    "",
    "5347",
    ":5347",
    "localhost",
    "localhost:",
    "::1:5347",
    "[::1]",
    "[x]:1",
    "a:65536",
    "a:-1",
    "a:1x",
    "a b:1",
    "http://a:1",
    "a:1/",
    "[127.0.0.1]:1",
  ])("refuses %p", (text) => expect(parseAddress(text, 1)).toBeUndefined());

  test("takes port 0 only where it means any free port", () => {
    expect(parseAddress("127.0.0.1:0", 0)).toEqual({ host: "127.0.0.1", port: 0 });
    expect(parseAddress("127.0.0.1:0", 1)).toBeUndefined();
  });
});

describe("a base URL", () => {
  test.each([
    ["https://bucket.example", "https://bucket.example"],
    ["https://s3.example/bucket/", "https://s3.example/bucket"],
    ["HTTP://S3.Example:9000/a/b//", "http://s3.example:9000/a/b"],
    ["https://s3.example:443/b", "https://s3.example/b"],
    ["http://[::1]:9000/b", "http://[::1]:9000/b"],
  ])("%p is read as %p", (text, url) => expect(parseBaseUrl(text)).toBe(url));

  test.each([
    "",
    "s3.example",
    "ftp://a",
    "https:a",
    "https:///a",
    "https://",
    "https://a/?x",
    "https://a/#x",
    "https://a?",
    "https://u@a",
    "https://u:p@a/",
    "https://a b",
    " https://a",
    "https://a\\b",
    "https://a:99999",
  ])("refuses %p", (text) => expect(parseBaseUrl(text)).toBeUndefined());
});

test("loopback is told from what others can reach", () => {
  for (const host of ["127.0.0.1", "127.1.2.3", "localhost", "a.localhost", "::1", "[::1]"])
    expect(isLoopback(host)).toBe(true);
  for (const host of ["0.0.0.0", "10.0.0.1", "example.org", "127.0.0.1.example.org", "::"])
    expect(isLoopback(host)).toBe(false);
});
