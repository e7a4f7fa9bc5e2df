import { expect, test } from "bun:test";
import fc from "fast-check";
import { childrenOf, childText, escapeText, parseXml } from "../../../../src/store/s3/xml-answer.ts";

test("reads an S3 answer, whatever its namespace", () => {
  const xml = parseXml(
    '<?xml version="1.0"?><DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Error> <Key>a &amp; b</Key><Code>AccessDenied</Code></Error></DeleteResult>',
  );
  expect(xml?.name).toBe("DeleteResult");
  expect(childrenOf(xml, "Error").map((error) => childText(error, "Key"))).toEqual(["a & b"]);
});

test.each([
  "",
  "<a>",
  "<a></b>",
  "<a>&nosuch;</a>",
  "<html><br></html>",
  "<a/><b/>",
  `${"<a>".repeat(33)}${"</a>".repeat(33)}`,
])("gives nothing for what is not XML of that kind: %s", (text) => {
  expect(parseXml(text)).toBeUndefined();
});

test("a text comes back as it was escaped", () => {
  const character = fc.integer({ min: 0x20, max: 0xd7ff }).map((code) => String.fromCharCode(code));
  fc.assert(
    fc.property(fc.array(character), (characters) => {
      const text = `x${characters.join("")}x`;
      expect(parseXml(`<a>${escapeText(text)}</a>`)?.text).toBe(text);
    }),
  );
});
