import { describe, expect, test } from "bun:test";
import { parseCredential } from "../../../src/sigv4/credential-scope.ts";
import { addToCanonicalQuery, canonicalQuery, parseQuery } from "../../../src/sigv4/query.ts";
import { formatSigningDate, parseSigningDate } from "../../../src/sigv4/signing-date.ts";
import { cachedSigningKeys, deriveSigningKey } from "../../../src/sigv4/signing-key.ts";

describe("signing dates", () => {
  test("are written in UTC without the fraction", () => {
    expect(formatSigningDate(new Date("2026-01-02T03:04:05.999Z"))).toBe("20260102T030405Z");
    expect(formatSigningDate(new Date("2026-12-31T23:59:59Z"))).toBe("20261231T235959Z");
    expect(formatSigningDate(new Date("2026-01-01T00:00:00Z"))).toBe("20260101T000000Z");
  });

  test("are read back", () => {
    expect(parseSigningDate("20240229T235959Z")).toEqual(new Date("2024-02-29T23:59:59Z"));
  });

  test.each([
    "20260230T000000Z",
    "20261301T000000Z",
    "20260101T240000Z",
    "20260101T006000Z",
    "00000101T000000Z",
  ])("do not name a moment that is not: %s", (text) => {
    expect(parseSigningDate(text)).toBeUndefined();
  });

  test("throw when there is no such date", () => {
    expect(() => formatSigningDate(new Date(Number.NaN))).toThrow(RangeError);
    expect(() => formatSigningDate(new Date(8.64e15))).toThrow(RangeError);
  });
});

describe("queries", () => {
  test("are sorted by name before value, in code point order of what is encoded", () => {
    const parameters = [
      ["a-b", "1"],
      ["a", "2"],
      ["a", "10"],
      ["B", "x"],
      ["é", "y"],
      ["a", ""],
    ] as const;
    expect(canonicalQuery(parameters)).toBe("%C3%A9=y&B=x&a=&a=10&a=2&a-b=1");
    expect(addToCanonicalQuery(canonicalQuery(parameters.slice(0, 3)), parameters.slice(3))).toBe(
      canonicalQuery(parameters),
    );
  });

  test("are read with a plus as a plus and a missing value as empty", () => {
    expect(parseQuery("a=1+2&b&c=%3D=")).toEqual([
      ["a", "1+2"],
      ["b", ""],
      ["c", "=="],
    ]);
    expect(parseQuery("")).toEqual([]);
  });

  test.each(["a=1&", "&a=1", "a&&b", "=x", "a=%", "a=%C3", "a=é", "a= "])(
    "are refused when ill-formed: %j",
    (query) => {
      expect(parseQuery(query)).toBeUndefined();
    },
  );
});

test("an access key id may contain a slash", () => {
  expect(parseCredential("a/b/20260101/eu-west-1/s3/aws4_request")).toEqual({
    accessKeyId: "a/b",
    scope: { day: "20260101", region: "eu-west-1", service: "s3" },
  });
});

describe("the signing key cache", () => {
  const scope = { day: "20260101", region: "eu-west-1", service: "s3" };
  const accessKey = { accessKeyId: "KEY", secretAccessKey: "secret" };

  test("gives one key for one access key, day, region and service", () => {
    const keys = cachedSigningKeys();
    const first = keys(accessKey, scope);
    expect(keys({ ...accessKey }, { ...scope })).toBe(first);
    const others = [
      keys({ ...accessKey, secretAccessKey: "secret2" }, scope),
      keys(accessKey, { ...scope, day: "20260102" }),
      keys(accessKey, { ...scope, region: "eu-west-2" }),
      keys(accessKey, { ...scope, service: "sts" }),
    ];
    for (const other of others) expect(other.key).not.toEqual(first.key);
    expect(keys({ ...accessKey, accessKeyId: "KEY/2" }, scope).credential).toBe(
      "KEY%2F2%2F20260101%2Feu-west-1%2Fs3%2Faws4_request",
    );
    expect(first.key).toEqual(deriveSigningKey(accessKey, scope).key);
  });

  test("keeps no more than its limit and forgets the oldest", () => {
    const keys = cachedSigningKeys(2);
    const [one, two, three] = ["1", "2", "3"].map((secretAccessKey) => ({ ...accessKey, secretAccessKey }));
    const first = keys(one!, scope);
    const second = keys(two!, scope);
    keys(three!, scope);
    expect(keys(two!, scope)).toBe(second);
    const again = keys(one!, scope);
    expect(again).not.toBe(first);
    expect(again.key).toEqual(first.key);
  });
});
