import { describe, expect, test } from "bun:test";
import { objectPath, parseBucketUrl, urlOf } from "../../../src/store/object-url.ts";

describe("a bucket URL", () => {
  test.each([
    ["virtual-host style", "https://b.s3.example.com", "https", "b.s3.example.com", ""],
    ["with a trailing slash", "https://b.s3.example.com/", "https", "b.s3.example.com", ""],
    ["path style", "http://s3.example.com/b", "http", "s3.example.com", "/b"],
    ["path style with a trailing slash", "http://s3.example.com/b/", "http", "s3.example.com", "/b"],
    ["with a port", "http://s3.example.com:9000/b", "http", "s3.example.com:9000", "/b"],
    ["with the other scheme's port", "http://s3.example.com:443/b", "http", "s3.example.com:443", "/b"],
    ["with the default port of https", "https://s3.example.com:443/b", "https", "s3.example.com", "/b"],
    ["with the default port of http", "http://s3.example.com:80", "http", "s3.example.com", ""],
    ["with a longer prefix", "https://s3.example.com/b/x/y/", "https", "s3.example.com", "/b/x/y"],
    [
      "with a prefix that is encoded",
      "https://s3.example.com/my%20b/%7Ex",
      "https",
      "s3.example.com",
      "/my%20b/~x",
    ],
    [
      "with a prefix to encode",
      "https://s3.example.com/é(1)+",
      "https",
      "s3.example.com",
      "/%C3%A9%281%29%2B",
    ],
    ["with an address", "http://[::1]:9000/b", "http", "[::1]:9000", "/b"],
    ["in capitals", "HTTPS://S3.Example.COM/B", "https", "s3.example.com", "/B"],
  ] as const)("%s", (_, text, scheme, host, prefix) => {
    expect(parseBucketUrl(text)).toEqual({ scheme, host, prefix });
  });

  test.each([
    ["nothing", "", "absolute URL"],
    ["no scheme", "s3.example.com/b", "absolute URL"],
    ["no host", "https:///b", "absolute URL"],
    ["a bad port", "https://s3.example.com:99999/b", "absolute URL"],
    ["white space", "https://s3.example.com/my b", "absolute URL"],
    ["a line end", "https://s3.example.com/b\n", "absolute URL"],
    ["a backslash", "https://s3.example.com\\b", "absolute URL"],
    ["another scheme", "ftp://s3.example.com/b", "http:// or https://"],
    ["the scheme of the AWS CLI", "s3://b", "http:// or https://"],
    ["a query", "https://s3.example.com/b?x=1", "no query"],
    ["an empty query", "https://s3.example.com/b?", "no query"],
    ["a fragment", "https://s3.example.com/b#x", "no fragment"],
    ["a user", "https://user@s3.example.com/b", "no user name"],
    ["a dot segment", "https://s3.example.com/b/./x", 'no "." or ".."'],
    ["a double-dot segment", "https://s3.example.com/b/..", 'no "." or ".."'],
    ["an encoded dot segment", "https://s3.example.com/b/%2e%2E/x", 'no "." or ".."'],
    ["a broken percent sequence", "https://s3.example.com/100%", "percent-encoded"],
    ["a percent sequence that is not UTF-8", "https://s3.example.com/%E9", "percent-encoded"],
  ])("refuses %s", (_, text, message) => {
    expect(() => parseBucketUrl(text)).toThrow(TypeError);
    expect(() => parseBucketUrl(text)).toThrow(message);
  });

  test("is not repeated in a refusal, for it may hold a password", () => {
    expect(() => parseBucketUrl("https://user:hunter2@s3.example.com/b")).toThrow(/^(?!.*hunter2)/);
  });
});

test("the path of an object has the file name encoded once", () => {
  const bucket = parseBucketUrl("http://s3.example.com:9000/b/x/");
  const path = objectPath(bucket, "00ff", "très 100%20+'(é).jpg");
  expect(path).toBe("/b/x/00ff/tr%C3%A8s%20100%2520%2B%27%28%C3%A9%29.jpg");
  expect(urlOf(bucket, path)).toBe(`http://s3.example.com:9000${path}`);
});
