import { expect, test } from "bun:test";
import { contentDisposition, inlineRule } from "../../../../src/http/download/content-disposition.ts";
import { defaultInlineTypes } from "../../../../src/http/http-service.ts";

test.each([
  ["image/png", "a.png", `inline; filename="a.png"; filename*=UTF-8''a.png`],
  ["IMAGE/PNG", "a.png", `inline; filename="a.png"; filename*=UTF-8''a.png`],
  ["text/plain; charset=utf-8", "a.txt", `inline; filename="a.txt"; filename*=UTF-8''a.txt`],
  ["audio/ogg", "a", `inline; filename="a"; filename*=UTF-8''a`],
  ["video/mp4", "a", `inline; filename="a"; filename*=UTF-8''a`],
  ["image/svg+xml", "a.svg", `attachment; filename="a.svg"; filename*=UTF-8''a.svg`],
  ["image/SVG+XML;x=y", "a.svg", `attachment; filename="a.svg"; filename*=UTF-8''a.svg`],
  ["text/html", "a", `attachment; filename="a"; filename*=UTF-8''a`],
  ["application/pdf", "a", `attachment; filename="a"; filename*=UTF-8''a`],
  ["application/octet-stream", "a", `attachment; filename="a"; filename*=UTF-8''a`],
  ["image/jpeg", "très cool.jpg", `inline; filename="tres cool.jpg"; filename*=UTF-8''tr%C3%A8s%20cool.jpg`],
  ["image/jpeg", "\u{1f600}.jpg", `inline; filename="_.jpg"; filename*=UTF-8''%F0%9F%98%80.jpg`],
  [
    "image/jpeg",
    `a"b\\c%41'(*).jpg`,
    `inline; filename="a_b_c_41'(*).jpg"; filename*=UTF-8''a%22b%5Cc%2541%27%28%2A%29.jpg`,
  ],
  ["image/jpeg", "\u202ex", `inline; filename="_x"; filename*=UTF-8''%E2%80%AEx`],
])("of %s named %j is %s", (contentType, filename, expected) => {
  expect(contentDisposition(contentType, filename, inlineRule(defaultInlineTypes))).toBe(expected);
});
