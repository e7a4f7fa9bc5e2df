import { describe, expect, test } from "bun:test";
import { evaluateConditions, mayUseRange } from "../../../src/http/conditional.ts";
import { parseHttpDate } from "../../../src/http/http-date.ts";

const now = new Date(Date.UTC(2026, 5, 1));
const validators = { etag: '"abc"', lastModified: new Date(Date.UTC(2026, 0, 2, 3, 4, 5)) };
const same = "Fri, 02 Jan 2026 03:04:05 GMT";
const earlier = "Fri, 02 Jan 2026 03:04:04 GMT";
const later = "Fri, 02 Jan 2026 03:04:06 GMT";

function lookup(headers: Record<string, string>) {
  return (name: string) => headers[name];
}

test.each([
  [{}, "proceed"],
  [{ "if-none-match": '"abc"' }, "not-modified"],
  [{ "if-none-match": 'W/"abc"' }, "not-modified"],
  [{ "if-none-match": "*" }, "not-modified"],
  [{ "if-none-match": '"x", "abc"' }, "not-modified"],
  [{ "if-none-match": '"x,\\"abc", "y"' }, "proceed"],
  [{ "if-none-match": '"x"' }, "proceed"],
  [{ "if-none-match": "abc" }, "proceed"],
  [{ "if-none-match": "" }, "proceed"],
  [{ "if-modified-since": same }, "not-modified"],
  [{ "if-modified-since": later }, "not-modified"],
  [{ "if-modified-since": earlier }, "proceed"],
  [{ "if-modified-since": "yesterday" }, "proceed"],
  [{ "if-none-match": '"x"', "if-modified-since": later }, "proceed"],
  [{ "if-match": '"abc"' }, "proceed"],
  [{ "if-match": "*" }, "proceed"],
  [{ "if-match": '"x"' }, "failed"],
  [{ "if-match": 'W/"abc"' }, "failed"],
  [{ "if-match": '"x"', "if-none-match": '"abc"' }, "failed"],
  [{ "if-unmodified-since": same }, "proceed"],
  [{ "if-unmodified-since": earlier }, "failed"],
  [{ "if-match": '"abc"', "if-unmodified-since": earlier }, "proceed"],
  [{ "if-match": '"abc"', "if-none-match": '"abc"' }, "not-modified"],
] as const)("the conditions %j: %s", (headers, expected) => {
  expect(evaluateConditions(lookup(headers), validators, now)).toBe(expected);
});

test.each([
  [{}, true],
  [{ "if-range": '"abc"' }, true],
  [{ "if-range": 'W/"abc"' }, false],
  [{ "if-range": '"x"' }, false],
  [{ "if-range": same }, true],
  [{ "if-range": later }, false],
] as const)("with %j the range counts: %j", (headers, expected) => {
  expect(mayUseRange(lookup(headers), validators, now)).toBe(expected);
});

describe("an HTTP date", () => {
  test.each([
    ["Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37.000Z"],
    ["Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37.000Z"],
    ["Sunday, 06-Nov-70 08:49:37 GMT", "2070-11-06T08:49:37.000Z"],
    ["Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37.000Z"],
    ["Sun, 31 Feb 1994 08:49:37 GMT", undefined],
    ["Sun, 06 Nov 1994 25:49:37 GMT", undefined],
    ["Sun, 06 Nox 1994 08:49:37 GMT", undefined],
    ["1994-11-06T08:49:37Z", undefined],
    ["", undefined],
  ])("%j is %s", (text, expected) => {
    expect(parseHttpDate(text, now)?.toISOString()).toBe(expected as string);
  });
});
