import { describe, expect, test } from "bun:test";
import { Sha256 } from "@aws-crypto/sha256-js";
import { S3RequestPresigner } from "@aws-sdk/s3-request-presigner";
import { HttpRequest } from "@smithy/protocol-http";
import { SignatureV4 } from "@smithy/signature-v4";
import fc from "fast-check";
import { presign } from "../../../src/sigv4/presign.ts";
import type { QueryParameter } from "../../../src/sigv4/query.ts";
import { verify } from "../../../src/sigv4/verify.ts";
import type { NewObject } from "../../../src/store/bucket.ts";
import { fixedCredentials } from "../../../src/store/credentials.ts";
import { parseBucketUrl, placeMark } from "../../../src/store/object-url.ts";
import {
  DECLARED_LENGTH,
  DECLARED_TYPE,
  EXPIRES_AT,
  IS_RESERVED,
  PLACE,
  type S3BucketOptions,
  s3Bucket,
} from "../../../src/store/s3-bucket.ts";

const options: S3BucketOptions = {
  bucketUrl: "https://s3.eu-west-1.amazonaws.com/b",
  region: "eu-west-1",
  credentials: fixedCredentials({ accessKeyId: "KEY", secretAccessKey: "secret" }),
  addAcl: false,
};
const object: NewObject = { token: "00ff", filename: "très cool.jpg", size: 5, contentType: "image/jpeg" };
const now = new Date("2026-03-01T12:00:00Z");

function putUrl(changes: Partial<S3BucketOptions> = {}, other: Partial<NewObject> = {}): URL {
  return new URL(s3Bucket({ ...options, ...changes }).slot({ ...object, ...other }, 60, now).putUrl);
}

describe("an S3 bucket's slot", () => {
  test("is a PUT URL, and a GET URL that is the same without the query", () => {
    const slot = s3Bucket(options).slot(object, 60, now);
    expect(slot.getUrl).toBe("https://s3.eu-west-1.amazonaws.com/b/00ff/tr%C3%A8s%20cool.jpg");
    expect(slot.putUrl).toStartWith(`${slot.getUrl}?X-Amz-Algorithm=AWS4-HMAC-SHA256&`);
    expect([...new URL(slot.putUrl).searchParams.keys()]).toEqual([
      "X-Amz-Algorithm",
      "X-Amz-Credential",
      "X-Amz-Date",
      "X-Amz-Expires",
      "X-Amz-SignedHeaders",
      "X-Amz-Signature",
    ]);
  });

  test("says when its object expires only to a bucket of slotd's own", () => {
    const expiry = new Date("2026-03-02T12:00:00Z");
    expect(putUrl({}, { expiry }).searchParams.has(EXPIRES_AT)).toBe(false);
    expect(putUrl({ echoDeclared: true }, { expiry }).searchParams.get(EXPIRES_AT)).toBe("1772452800");
    expect(putUrl({ echoDeclared: true }).searchParams.has(EXPIRES_AT)).toBe(false);
  });

  test("expires when it was asked to", () => {
    expect(putUrl().searchParams.get("X-Amz-Expires")).toBe("60");
    for (const expiresIn of [0, -1, 1.5, 604801, Number.NaN]) {
      expect(() => s3Bucket(options).slot(object, expiresIn, now)).toThrow(RangeError);
    }
  });

  test("signs the length always and the type when one is declared", () => {
    const signed = (other: Partial<NewObject>) => putUrl({}, other).searchParams.get("X-Amz-SignedHeaders");
    expect(signed({})).toBe("content-length;content-type;host");
    expect(signed({ contentType: undefined })).toBe("content-length;host");
    expect(signed({ size: 0, contentType: undefined })).toBe("content-length;host");
  });

  test("asks for a public object in the signed query when told to", () => {
    expect(putUrl().searchParams.has("x-amz-acl")).toBe(false);
    const withAcl = putUrl({ addAcl: true });
    expect(withAcl.searchParams.get("x-amz-acl")).toBe("public-read");
    expect(withAcl.searchParams.get("X-Amz-SignedHeaders")).toBe("content-length;content-type;host");
  });

  test("says for which place it is, and whether its slot is reserved, only when told to", () => {
    const echoed = putUrl({ echoDeclared: true }, { isReserved: true }).searchParams;
    expect(echoed.get(PLACE)).toMatch(/^[0-9a-f]{8}$/);
    expect(echoed.get(IS_RESERVED)).toBe("1");
    const elsewhere = putUrl({ echoDeclared: true, bucketUrl: "https://other.example.org" }).searchParams;
    expect(elsewhere.get(PLACE)).not.toBe(echoed.get(PLACE));
    expect(elsewhere.has(IS_RESERVED)).toBe(false);
    const plain = putUrl({}, { isReserved: true }).searchParams;
    expect([plain.has(PLACE), plain.has(IS_RESERVED)]).toEqual([false, false]);
  });

  test("repeats what was declared only when told to, and leaves an undeclared type out", () => {
    const type = "text/plain; charset=utf-8";
    const echoed = putUrl({ echoDeclared: true }, { contentType: ` ${type} ` }).searchParams;
    expect([echoed.get(DECLARED_LENGTH), echoed.get(DECLARED_TYPE)]).toEqual(["5", type]);
    const untyped = putUrl({ echoDeclared: true }, { contentType: undefined }).searchParams;
    expect([untyped.get(DECLARED_LENGTH), untyped.get(DECLARED_TYPE)]).toEqual(["5", null]);
    const { searchParams } = putUrl({ echoDeclared: false });
    expect([searchParams.get(DECLARED_LENGTH), searchParams.get(DECLARED_TYPE)]).toEqual([null, null]);
  });

  test("says at once when the bucket URL cannot be used", () => {
    expect(() => s3Bucket({ ...options, bucketUrl: "s3://b" })).toThrow(TypeError);
  });
});

const specials = "+ '()~%#?&=;:@,$*![]{}|^\"\\<>-._/";
const pieces = fc.constantFrom(
  ...specials,
  "%20",
  "é",
  "e\u0301",
  "Å",
  "A\u030a",
  "🦊",
  "👩‍👩‍👧",
  "日本",
  "..",
  "a",
  "Z",
  "0",
);
const filenames = fc.oneof(
  fc.array(pieces, { minLength: 1, maxLength: 40 }).map((all) => all.join("")),
  fc.string({ unit: "binary", minLength: 1, maxLength: 100 }),
);
const hex = fc.constantFrom(..."0123456789abcdef");
const bucketUrls = fc
  .tuple(
    fc.constantFrom("http", "https"),
    fc.constantFrom("b.s3.example.com", "s3.example.com", "127.0.0.1", "[::1]"),
    fc.constantFrom("", ":9000", ":80", ":443"),
    fc.constantFrom("", "/", "/b", "/b/", "/b/pre%20fix/%C3%A9", "/b+(c)~/x/"),
  )
  .map(([scheme, host, port, prefix]) => `${scheme}://${host}${port}${prefix}`);
const cases = fc.record({
  bucketUrl: bucketUrls,
  region: fc.constantFrom("us-east-1", "eu-west-1", "auto", "garage", "région 1"),
  accessKeyId: fc.constantFrom("AKIDEXAMPLE", "key+/=", "ключ"),
  secretAccessKey: fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }),
  addAcl: fc.boolean(),
  echoDeclared: fc.boolean(),
  token: fc.array(hex, { minLength: 1, maxLength: 64 }).map((digits) => digits.join("")),
  filename: filenames,
  size: fc.oneof(fc.constant(0), fc.maxSafeNat()),
  contentType: fc.option(
    fc.constantFrom("image/jpeg", "text/plain; charset=utf-8", 'a/b;  c="d  e"', " application/x+y\t"),
    { nil: undefined },
  ),
  date: fc.date({ min: new Date("1000-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }),
  expiresIn: fc.integer({ min: 1, max: 604800 }),
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

/** The request that the slot is for, as the oracles want it: the query decoded, what only signing adds left out. */
function requestOf(one: Case, url: URL): HttpRequest {
  const type = one.contentType?.trim();
  const query: Record<string, string> = {};
  if (one.echoDeclared) query[DECLARED_LENGTH] = String(one.size);
  if (one.echoDeclared && type !== undefined) query[DECLARED_TYPE] = type;
  if (one.echoDeclared) query[PLACE] = placeMark(parseBucketUrl(one.bucketUrl));
  return new HttpRequest({
    method: "PUT",
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port && { port: Number(url.port) }),
    path: url.pathname,
    query,
    headers: {
      host: url.host,
      "content-length": String(one.size),
      ...(type !== undefined && { "content-type": type }),
      ...(one.addAcl && { "x-amz-acl": "public-read" }),
    },
    // Neither a text nor bytes: the oracle then takes the payload as unsigned.
    body: {},
  });
}

function credentialsOf(one: Case) {
  const { accessKeyId, secretAccessKey } = one;
  return { region: one.region, credentials: { accessKeyId, secretAccessKey }, sha256: Sha256 };
}

function signingOptions(one: Case) {
  const signableHeaders = new Set(["content-length", "content-type", "host"]);
  return { signingDate: one.date, expiresIn: one.expiresIn, signableHeaders };
}

function slotUrl(one: Case): URL {
  const { token, filename, size, contentType } = one;
  return new URL(
    s3Bucket({ ...one, credentials: fixedCredentials(one) }).slot(
      { token, filename, size, contentType },
      one.expiresIn,
      one.date,
    ).putUrl,
  );
}

// A file name of "." or ".." cannot be written in a URL; slot requests with one are refused before.
const parameters = { numRuns: 400, interruptAfterTimeLimit: 4000, markInterruptAsFailure: false };
const writable = cases.filter(({ filename }) => filename !== "." && filename !== "..");

test("a PUT URL has the query that @smithy/signature-v4 makes", async () => {
  const property = fc.asyncProperty(writable, async (one) => {
    const url = slotUrl(one);
    const oracle = new SignatureV4({ ...credentialsOf(one), service: "s3", uriEscapePath: false });
    const signed = await oracle.presign(requestOf(one, url), signingOptions(one));
    expect(Object.fromEntries(url.searchParams)).toEqual(signed.query as Record<string, string>);
  });
  await fc.assert(property, parameters);
});

test("a PUT URL that the AWS SDK presigns has the same signature, given the same query, and is verified", async () => {
  const property = fc.asyncProperty(writable, async (one) => {
    const url = slotUrl(one);
    const request = requestOf(one, url);
    const { "content-type": type, "content-length": length = "" } = request.headers;
    const headers = { "content-length": length, ...(type !== undefined && { "content-type": type }) };
    const oracle = new S3RequestPresigner(credentialsOf(one));
    const signed = await oracle.presign(request, signingOptions(one));
    const extra = Object.entries(signed.query ?? {}).filter(
      ([name]) => !/^X-Amz-(?!Content)/.test(name),
    ) as unknown as QueryParameter[];
    const query = presign({
      method: "PUT",
      host: url.host,
      path: url.pathname,
      query: extra,
      headers,
      date: one.date,
      expires: one.expiresIn,
      region: one.region,
      credentials: one,
    });
    expect(Object.fromEntries(new URLSearchParams(query))).toEqual(signed.query as Record<string, string>);
    expect(verifyPut(one, url, signed.query as Record<string, string>).kind).toBe("ok");
  });
  await fc.assert(property, parameters);
});

function verifyPut(one: Case, url: URL, query: Readonly<Record<string, string>>) {
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const headers = new Map([
    ["content-length", String(one.size)],
    ["content-type", one.contentType ?? ""],
  ]);
  return verify({
    method: "PUT",
    rawPath: url.pathname,
    rawQuery: pairs.join("&"),
    header: (name) => headers.get(name),
    hosts: [url.host],
    secretAccessKeyOf: (id) => (id === one.accessKeyId ? one.secretAccessKey : undefined),
    region: one.region,
    now: one.date,
  });
}

test("the path in the URL names the object, encoded once", () => {
  const property = fc.property(writable, (one) => {
    const [, token = "", name = ""] = /\/([0-9a-f]+)\/([^/]*)$/.exec(slotUrl(one).pathname) ?? [];
    expect([token, decodeURIComponent(name)]).toEqual([one.token, one.filename]);
    expect(name).toMatch(/^([A-Za-z0-9._~-]|%[0-9A-F]{2})*$/);
  });
  fc.assert(property, parameters);
});
