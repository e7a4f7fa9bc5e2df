import { expect, test } from "bun:test";
import fc from "fast-check";
import { LiteralBaseIndex } from "../../../src/address/literal-base-index.ts";

const index = new LiteralBaseIndex([
  { url: "https://up.example.org/files/", addsSlash: false, value: "slash" },
  { url: "https://up.example.org/open", addsSlash: false, value: "open" },
  { url: "https://up.example.org/jwt", addsSlash: true, value: "jwt" },
  { url: "https://up.example.org/open/inner/", addsSlash: false, value: "inner" },
  { url: "https://root.example.org:5443", addsSlash: false, value: "root" },
  { url: "https://up.example.org/gr%C3%BCn/", addsSlash: false, value: "green" },
]);

test.each([
  ["/files/a/b.txt", "slash", "a/b.txt"],
  ["/files//a", "slash", "/a"],
  ["/f%69les/a%2520b", "slash", "a%20b"],
  ["/gr%c3%bcn/x", "green", "x"],
  ["/openID/name", "open", "ID/name"],
  ["/open/ID/name", "open", "ID/name"],
  ["/open/inner/x", "inner", "x"],
  ["/jwt/slot/x", "jwt", "slot/x"],
])("%s", (path, value, rest) => {
  expect(index.find("UP.example.org", path)).toEqual({ value, path: rest });
  expect(index.find("up.example.org:8080", path)).toEqual({ value, path: rest });
});

test.each(["/files", "/filesX", "/jwtslot/x", "/", "/other/x", "/files/%zz", ""])("nothing at %s", (path) => {
  expect(index.find("up.example.org", path)).toBeUndefined();
});

test("a host without a path, of whatever port, and no other host", () => {
  expect(index.find("root.example.org", "/a/b")).toEqual({ value: "root", path: "a/b" });
  expect(index.find("other.example.org", "/files/a")).toBeUndefined();
  expect(index.find("", "/files/a")).toBeUndefined();
});

test("every spelling of a path gives the same", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 30 }),
      fc.infiniteStream(fc.boolean()),
      (rest, choices) => {
        const isEscaped = (): boolean => choices.next().value ?? true;
        const encoded = [...Buffer.from(rest)]
          .map((byte) => {
            const text = String.fromCharCode(byte);
            return /[A-Za-z0-9]/.test(text) && !isEscaped() ? text : `%${byte.toString(16).padStart(2, "0")}`;
          })
          .join("");
        expect(index.find("up.example.org", `/files/${encoded}`)).toEqual({ value: "slash", path: rest });
      },
    ),
  );
});
