import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { prosodyDecode, prosodyEncode } from "../../../../src/sources/metadata/prosody-names.ts";
import { anyText } from "../any-text.ts";

describe("Prosody's names of files", () => {
  test.each([
    ["share.example.org", "share%2eexample%2eorg"],
    ["65SUirHO8ryF-dquk_x", "65SUirHO8ryF%2ddquk%5fx"],
    ["zoë", "zo%c3%ab"],
    ["..", "%2e%2e"],
    ["a/../b", "a%2f%2e%2e%2fb"],
  ])("of %p is %p", (text, name) => {
    expect(prosodyEncode(text)).toBe(name);
    expect(prosodyDecode(name)).toBe(text);
  });

  test("are never a path, and give back what they were made of", () => {
    fc.assert(
      fc.property(anyText, (any) => {
        const text = `${any}.`;
        const name = prosodyEncode(text);
        expect(name).toMatch(/^[A-Za-z0-9%]+$/);
        expect(prosodyDecode(name)).toBe(text);
      }),
    );
  });

  test.each([["%2E"], ["a.b"], ["%41"], ["%ff"], ["%"], ["%2"], [""], ["é"], ["a%c3"]])(
    "%p is none of them",
    (name) => {
      expect(prosodyDecode(name)).toBeUndefined();
    },
  );
});
