import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  type AddressRule,
  addressKey,
  keyOfPathHash,
  readAddress,
} from "../../../src/address/address-key.ts";
import { addressToken } from "../../../src/address/address-token.ts";
import { isAddressToken, isToken } from "../../../src/store/object-token.ts";

const hashOfPath = "c29c7ed5ffb9ad6b4fbd6f6ff4b6a4bca6bdb6c2a7aa1d1f0d9e3e4f8e3b4c59";

function key(rule: AddressRule, rest: string): string | undefined {
  return readAddress(rule, rest)?.key;
}

describe("the address in a path", () => {
  test("is the same for both cases of a percent-encoding, and without one", () => {
    const spellings = ["/a1/tr%c3%a8s.jpg", "/a1/tr%C3%A8s.jpg", "/a1/très.jpg", "a1/%74r%C3%A8s.jpg"];
    expect(new Set(spellings.map((rest) => key("path", rest))).size).toBe(1);
  });

  test("is decoded once; plus is a plus; nothing is normalised", () => {
    expect(key("path", "/d/a%2520b")).toBe(addressKey("path", "d/a%20b"));
    expect(key("path", "/d/a+b")).toBe(addressKey("path", "d/a+b"));
    expect(key("path", "/d/e%CC%81")).not.toBe(key("path", "/d/%C3%A9"));
  });

  test.each<[AddressRule, string, string | undefined]>([
    ["first-segment", "/SLOT/any.jpg", "slot SLOT"],
    ["first-segment", "/SLOT", "slot SLOT"],
    ["first-segment", "/SLOT/", "slot SLOT"],
    ["first-segment", "//SLOT/x", "slot SLOT"],
    ["first-segment", "/", undefined],
    ["segment-before-last", "/ID/any.jpg", "id ID"],
    ["segment-before-last", "/more/ID/any.jpg", "id ID"],
    ["segment-before-last", "/ID", undefined],
    ["segment-before-last", "/ID/", undefined],
    ["path", "/", undefined],
    ["path", "/a/", undefined],
  ])("by the rule %s in %s is %p", (rule, rest, expected) => {
    expect(key(rule, rest)).toBe(expected);
  });

  test.each(["/a/../b", "/a/%2e%2E/b", "/./a", "/a/%00", "/a/%FF", "/a/%zz", "/a%2F..%2Fb"])(
    "%s names nothing",
    (rest) => {
      for (const rule of ["path", "altered-path", "first-segment", "segment-before-last"] as const)
        expect(readAddress(rule, rest)).toBeUndefined();
    },
  );

  test("of ngx_http_upload is one file for many URLs", () => {
    expect(key("altered-path", "/d/a+b%20c.txt")).toBe(
      key("altered-path", "/d/a_b_20c.txt".replace("_20", "_")),
    );
    expect(key("altered-path", "/d/%C3%A9.txt")).toBe(key("path", "/d/%C3%A9.txt"));
  });

  test("of share.php is known by the hash of the path", () => {
    const file = "f6a214f7a5fcda0c2cee9660b7fc29f5649e3c68aad48e20e950137c98913a68";
    expect(key("path", "/b.txt")).not.toBe(keyOfPathHash(hashOfPath));
    expect(keyOfPathHash(file)).toBe(`path ${file}`);
    expect(key("path", "/a/b.txt")).toBe(
      keyOfPathHash(new Bun.CryptoHasher("sha256").update("a/b.txt").digest("hex")),
    );
  });
});

test("a token of an address is a token that no slot of slotd's has", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (space, rest) => {
      const token = addressToken(space, `path ${rest}`);
      expect(isToken(token) && isAddressToken(token)).toBe(true);
      expect(addressToken(`${space}/`, `path ${rest}`)).not.toBe(token);
    }),
  );
  expect(isAddressToken("0123456789abcdef")).toBe(false);
});
