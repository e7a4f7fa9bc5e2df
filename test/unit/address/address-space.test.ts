import { expect, test } from "bun:test";
import fc from "fast-check";
import { readAddressBase, spaceName } from "../../../src/address/address-space.ts";
import { parseBucketUrl } from "../../../src/store/object-url.ts";

test.each([
  ["https://A.example.org/", "a.example.org"],
  ["https://a.example.org:443/upload/", "a.example.org/upload"],
  ["http://a.example.org:80", "a.example.org"],
  ["http://a.example.org:443", "a.example.org:443"],
  ["https://a:5443/Upload//x///", "a:5443/Upload//x"],
  ["https://a/%75p%6c(1)", "a/upl%281%29"],
  ["https://bücher.example/ž", "xn--bcher-kva.example/%C5%BE"],
  ["https://[::1]:5443/x", "[::1]:5443/x"],
])("%s names the space %s", (url, name) => {
  expect(spaceName(url)).toBe(name);
});

test.each([
  "",
  "a",
  "ftp://a",
  "https://",
  "https://u@a",
  "https://u:p@a/x",
  "https://a/?",
  "https://a/x?y",
  "https://a/#z",
  "https://a\\b",
  "https://a/..",
  "https://a/./b",
  "https://a/%2e%2E/b",
  "https://a/%",
  "https://a/%ff",
  "https://a /",
  "https://a/\n",
])("%j names none", (url) => {
  expect(readAddressBase(url)).toBeUndefined();
  expect(() => spaceName(url)).toThrow(TypeError);
});

test("what it reads, parseBucketUrl reads in the same way", () => {
  const host = fc.constantFrom(
    "a",
    "A.example.org:443",
    "b:80",
    "c:5443",
    "[::1]:1",
    "bücher.example",
    "1.2.3.4",
  );
  const part = fc.constantFrom("/", "x", "%2f", "%C3%A9", "é", "(", "+", "%2B", ".", "a", "%", "~", "%7E");
  fc.assert(
    fc.property(
      fc.constantFrom("http", "https", "HTTPS"),
      host,
      fc.array(part, { maxLength: 8 }),
      (scheme, authority, parts) => {
        const url = `${scheme}://${authority}/${parts.join("")}`;
        const base = readAddressBase(url);
        if (base === undefined) expect(() => parseBucketUrl(url)).toThrow();
        else expect(parseBucketUrl(url)).toMatchObject(base);
      },
    ),
  );
});
