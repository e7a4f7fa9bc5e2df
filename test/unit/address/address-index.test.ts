import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { AddressIndex } from "../../../src/address/address-index.ts";

const index = new AddressIndex([
  { url: "https://h.example:5443/upload", value: "ejabberd" },
  { url: "https://h.example/upload", value: "https" },
  { url: "https://h.example/upload/deep/er", value: "deep" },
  { url: "https://h.example:7443/", value: "root of 7443" },
  { url: "https://other.example/a%20b/(c)", value: "encoded" },
  { url: "http://[::1]:5443/x", value: "v6" },
]);
const found = (host: string, path: string) =>
  index.find(host, path).map(({ value, rest }) => `${value}${rest}`);

test.each([
  ["h.example:5443", "/upload/a/b", ["ejabberd/a/b", "https/a/b"]],
  ["h.example", "/upload/a/b", ["https/a/b", "ejabberd/a/b"]],
  ["H.EXAMPLE.:443", "/upload/a/b", ["https/a/b", "ejabberd/a/b"]],
  ["h.example:9", "/upload/a", ["ejabberd/a", "https/a"]],
  ["h.example", "/upload/deep/er/x", ["deep/x"]],
  ["h.example:5443", "/upload/deep/er/x", ["ejabberd/deep/er/x", "deep/x"]],
  ["h.example", "/upload/deep/erx", ["https/deep/erx", "ejabberd/deep/erx"]],
  ["h.example", "/upload", ["https", "ejabberd"]],
  ["h.example", "/uploads/x", ["root of 7443/uploads/x"]],
  ["h.example:7443", "/upload/x", ["root of 7443/upload/x", "ejabberd/x", "https/x"]],
  ["h.example:7443", "//upload/x", ["root of 7443//upload/x"]],
  ["other.example", "/a%20b/%28c%29/d", ["encoded/d"]],
  ["other.example", "/%61%20b/(c)/%64", ["encoded/%64"]],
  ["other.example", "/a%2520b/(c)/d", []],
  ["other.example", "/a%20b%2F(c)/d", []],
  ["[::1]:5443", "/x/y", ["v6/y"]],
  ["[::1]", "/x/y", ["v6/y"]],
  ["", "/upload/a", []],
  ["h.example", "*", []],
  ["h.example", "upload/a", []],
  ["h.example/upload", "/upload/a", []],
  ["xh.example", "/upload/a", []],
  ["h.example:5443:5443", "/upload/a", []],
])("%s %s is under %p", (host, path, values) => {
  expect(found(host, path)).toEqual(values);
});

describe("hostile requests", () => {
  const piece = fc.constantFrom(
    "/",
    "//",
    "%2f",
    "%2F",
    "..",
    ".",
    "%",
    "%ff",
    "%00",
    "%C3%A9",
    "é",
    "upload",
    "deep",
    "er",
    "\0",
    "\\",
    "%75pload",
    ";",
    "?",
    "#",
  );
  const host = fc.oneof(
    fc.constantFrom(
      "h.example",
      "h.example:5443",
      "h.example:",
      "h.example:99999",
      "h.example.",
      ":5443",
      "[",
      "[::1",
      "@h.example",
      "h.example@evil",
      "h.example\0",
    ),
    fc.string({ maxLength: 30 }),
  );

  test("are under a base whose host is theirs and whose prefix their path begins with, or under none", () => {
    fc.assert(
      fc.property(host, fc.array(piece, { maxLength: 30 }), (name, pieces) => {
        const path = `/${pieces.join("")}`;
        for (const { rest } of index.find(name, path)) {
          expect(name.toLowerCase().replace(/\.?(:\d*)?$/, "")).toMatch(
            /^(h\.example|other\.example|\[::1\])$/,
          );
          expect(path.endsWith(rest)).toBe(true);
          expect(rest === "" || rest.startsWith("/")).toBe(true);
        }
      }),
      { numRuns: 5_000 },
    );
  });

  test("take a time that grows with their length alone", () => {
    const shapes = [
      "/".repeat(8_000),
      "/%2e".repeat(2_000),
      `/upload${"/a".repeat(4_000)}`,
      `/${"%C3%A9".repeat(1_300)}`,
      `/${"%".repeat(8_000)}`,
    ];
    const begun = performance.now();
    for (let round = 0; round < 200; round += 1)
      for (const path of shapes) index.find("h.example:5443", path);
    // A thousand questions of 8 KiB; a time that grew with the square of that would be minutes.
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  test("with ten thousand bases too", () => {
    const bases = Array.from({ length: 10_000 }, (_, i) => ({
      url: `https://h${i % 100}.example/p${i}`,
      value: i,
    }));
    const large = new AddressIndex(bases);
    const begun = performance.now();
    for (let i = 0; i < 10_000; i += 1) expect(large.find(`h${i % 100}.example`, `/p${i}/x`)).toHaveLength(1);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});
