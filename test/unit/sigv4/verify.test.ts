import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { uriEncode } from "../../../src/sigv4/encode.ts";
import { presign } from "../../../src/sigv4/presign.ts";
import { cachedSigningKeys } from "../../../src/sigv4/signing-key.ts";
import { type Verification, type VerifyRequest, verify } from "../../../src/sigv4/verify.ts";

const signedAt = new Date("2026-03-01T12:00:00Z");
const credentials = { accessKeyId: "KEY", secretAccessKey: "secret" };
const sent: Readonly<Record<string, string>> = { "content-length": "5", "content-type": "text/plain" };
const path = "/b/0123/tr%C3%A8s%20cool.jpg";

const rawQuery = presign({
  method: "PUT",
  host: "s3.example.com",
  path,
  query: [["note", "a b+c"]],
  headers: sent,
  date: signedAt,
  expires: 60,
  region: "eu-west-1",
  credentials,
});

function headers(values: Readonly<Record<string, string | undefined>>): VerifyRequest["header"] {
  return (name) => values[name];
}

const request: VerifyRequest = {
  method: "PUT",
  rawPath: path,
  rawQuery,
  header: headers(sent),
  hosts: ["other.example.com", "s3.example.com"],
  secretAccessKeyOf: (id) => (id === "KEY" ? "secret" : undefined),
  region: "eu-west-1",
  now: signedAt,
};

/** The query with one parameter written anew (encoded), or taken out. */
function withParameter(name: string, value: string | undefined): string {
  const others = rawQuery.split("&").filter((one) => !one.startsWith(`${name}=`));
  return (value === undefined ? others : [...others, `${name}=${value}`]).join("&");
}

function after(seconds: number): Date {
  return new Date(signedAt.getTime() + seconds * 1000);
}

describe("a rightly signed request", () => {
  test("is let in, with what was signed", () => {
    expect(verify(request)).toEqual({
      kind: "ok",
      accessKeyId: "KEY",
      signedHeaders: ["content-length", "content-type", "host"],
      query: [["note", "a b+c"]],
      expiry: after(60),
    });
  });

  test("may have its parameters in any order", () => {
    const reversed = rawQuery.split("&").reverse().join("&");
    expect(verify({ ...request, rawQuery: reversed }).kind).toBe("ok");
  });

  test("may be encoded in another way that means the same", () => {
    const rewritten = { rawPath: "/%62/0123/tr%c3%a8s%20cool%2Ejpg", rawQuery: rawQuery.replace("%2B", "+") };
    expect(verify({ ...request, ...rewritten }).kind).toBe("ok");
  });

  test("may have header values with more white space, and headers that are not signed", () => {
    const header = headers({ ...sent, "content-type": "  text/plain ", "x-other": "1" });
    expect(verify({ ...request, header }).kind).toBe("ok");
  });

  test("is valid from 15 minutes before its date until its last second", () => {
    expect(verify({ ...request, now: after(-900) }).kind).toBe("ok");
    expect(verify({ ...request, now: after(-901) }).kind).toBe("not-yet-valid");
    expect(verify({ ...request, now: after(60) }).kind).toBe("ok");
    expect(verify({ ...request, now: after(60.001) })).toEqual({ kind: "expired", expiry: after(60) });
  });

  test("may say that its payload is unsigned, as the AWS SDK does", () => {
    const query = presign({
      method: "GET",
      host: "s3.example.com",
      path,
      query: [["X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"]],
      headers: {},
      date: signedAt,
      expires: 1,
      region: "eu-west-1",
      credentials,
    });
    expect(verify({ ...request, method: "GET", rawQuery: query })).toMatchObject({ kind: "ok", query: [] });
  });

  test("may be held against declared values in place of the sent ones", () => {
    const query = presign({
      method: "PUT",
      host: "s3.example.com",
      path,
      query: [["content-length", "5"]],
      headers: { "content-length": "5" },
      date: signedAt,
      expires: 60,
      region: "eu-west-1",
      credentials,
    });
    const sentOtherwise = { ...request, rawQuery: query, header: headers({ "content-length": "6" }) };
    expect(verify(sentOtherwise).kind).toBe("bad-signature");
    expect(verify({ ...sentOtherwise, header: (name, declared) => declared.get(name) }).kind).toBe("ok");
  });
});

describe("any single change is refused", () => {
  const changes: readonly (readonly [string, Partial<VerifyRequest>, Verification["kind"]])[] = [
    ["the method", { method: "GET" }, "bad-signature"],
    ["the case of the method", { method: "put" }, "bad-signature"],
    ["the file name", { rawPath: `${path}x` }, "bad-signature"],
    ["the case of the path", { rawPath: path.replace("/b/", "/B/") }, "bad-signature"],
    ["a slash that is doubled", { rawPath: `/${path}` }, "bad-signature"],
    ["a slash that is encoded", { rawPath: path.replace("/0123/", "%2F0123/") }, "bad-signature"],
    ["a dot segment", { rawPath: `/./${path.slice(1)}` }, "bad-signature"],
    ["a path that is encoded twice", { rawPath: path.replaceAll("%", "%25") }, "bad-signature"],
    ["accents that are decomposed", { rawPath: path.replace("%C3%A8", "e%CC%80") }, "bad-signature"],
    ["a parameter's value", { rawQuery: withParameter("note", "a") }, "bad-signature"],
    ["a plus for a space", { rawQuery: rawQuery.replace("a%20b", "a+b") }, "bad-signature"],
    ["a parameter taken out", { rawQuery: withParameter("note", undefined) }, "bad-signature"],
    ["a parameter put in", { rawQuery: `${rawQuery}&x-amz-acl=public-read` }, "bad-signature"],
    ["a parameter given twice", { rawQuery: `${rawQuery}&note=a%20b%2Bc` }, "bad-signature"],
    ["the length", { header: headers({ ...sent, "content-length": "6" }) }, "bad-signature"],
    ["the type", { header: headers({ ...sent, "content-type": "text/html" }) }, "bad-signature"],
    ["the case of the type", { header: headers({ ...sent, "content-type": "Text/plain" }) }, "bad-signature"],
    ["a signed header not sent", { header: headers({ "content-length": "5" }) }, "malformed"],
    ["the host", { hosts: ["other.example.com"] }, "bad-signature"],
    ["the port", { hosts: ["s3.example.com:8080"] }, "bad-signature"],
    ["no host", { hosts: [] }, "bad-signature"],
    ["the secret", { secretAccessKeyOf: () => "Secret" }, "bad-signature"],
    ["the key", { secretAccessKeyOf: () => undefined }, "unknown-key"],
    ["the region", { region: "eu-west-2" }, "wrong-scope"],
    ["the service", { service: "sts" }, "wrong-scope"],
    ["X-Amz-Date, a second", { rawQuery: withParameter("X-Amz-Date", "20260301T120001Z") }, "bad-signature"],
    ["X-Amz-Date, a day", { rawQuery: withParameter("X-Amz-Date", "20260302T120000Z") }, "wrong-scope"],
    ["X-Amz-Expires", { rawQuery: withParameter("X-Amz-Expires", "61") }, "bad-signature"],
    [
      "X-Amz-Expires, written otherwise",
      { rawQuery: withParameter("X-Amz-Expires", "060") },
      "bad-signature",
    ],
    ["fewer signed headers", { rawQuery: withParameter("X-Amz-SignedHeaders", "host") }, "bad-signature"],
    ["the signature", { rawQuery: withParameter("X-Amz-Signature", "0".repeat(64)) }, "bad-signature"],
    ["the scope's region", { rawQuery: rawQuery.replace("eu-west-1", "eu-west-2") }, "wrong-scope"],
    ["the scope's day", { rawQuery: rawQuery.replace("20260301%2F", "20260302%2F") }, "wrong-scope"],
    ["the access key id", { rawQuery: rawQuery.replace("=KEY%2F", "=KEZ%2F") }, "unknown-key"],
  ];

  test.each(changes)("%s", (_, change, kind) => {
    expect(verify({ ...request, ...change }).kind).toBe(kind);
  });

  test("and an expired or early URL with another fault is told of that fault alone", () => {
    for (const now of [after(3600), after(-3600)]) {
      expect(verify({ ...request, now, method: "GET" }).kind).toBe("bad-signature");
      expect(verify({ ...request, now, secretAccessKeyOf: () => undefined }).kind).toBe("unknown-key");
    }
  });
});

describe("an ill-formed request is told which part is wrong", () => {
  const names = ["Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature"];

  test.each(names)("X-Amz-%s missing, given twice, or in another case", (short) => {
    const name = `X-Amz-${short}`;
    const missing = { kind: "malformed", text: `${name} is missing from the query.` } as const;
    expect(verify({ ...request, rawQuery: withParameter(name, undefined) })).toEqual(missing);
    expect(verify({ ...request, rawQuery: rawQuery.replace(name, name.toLowerCase()) })).toEqual(missing);
    expect(verify({ ...request, rawQuery: `${rawQuery}&${name}=x` })).toEqual({
      kind: "malformed",
      text: `${name} must be given only once.`,
    });
  });

  test.each([
    ["X-Amz-Algorithm", ["", "AWS4-ECDSA-P256-SHA256", "aws4-hmac-sha256"]],
    [
      "X-Amz-Credential",
      ["", "KEY", "KEY/2026/r/s3/aws4_request", "KEY/20260301/r/s3/aws4", "/20260301/r/s3/aws4_request"],
    ],
    ["X-Amz-Date", ["", "2026-03-01T12:00:00Z", "20260230T120000Z", "20260301T120000", "20260301T250000Z"]],
    ["X-Amz-Expires", ["", "0", "604801", "-1", "1.5", "1e3", " 5", "+5", "0x10", "1234567", "٣"]],
    [
      "X-Amz-SignedHeaders",
      ["", "content-length", "host;content-length", "Host", "host;host", "host;", "a b;host"],
    ],
    ["X-Amz-Signature", ["", "0".repeat(63), "0".repeat(65), "A".repeat(64), "g".repeat(64)]],
    ["X-Amz-Content-Sha256", ["", "0".repeat(64)]],
  ])("%s ill-formed", (name, values) => {
    for (const value of values) {
      const result = verify({ ...request, rawQuery: withParameter(name, uriEncode(value)) });
      expect(result).toMatchObject({ kind: "malformed", text: expect.stringContaining(`${name} must be `) });
    }
  });

  test("a path or query that is not percent-encoded UTF-8", () => {
    for (const rawPath of ["", "b", "/%", "/%zz", "/%C3", "/\u00e8", "/a b"]) {
      expect(verify({ ...request, rawPath })).toMatchObject({
        kind: "malformed",
        text: expect.stringMatching(/^The path /),
      });
    }
    for (const tail of ["&", "&a=%", "&a=%FF", "&a=\u00e8", "&=x"]) {
      expect(verify({ ...request, rawQuery: rawQuery + tail })).toMatchObject({
        kind: "malformed",
        text: expect.stringMatching(/^The query /),
      });
    }
    expect(verify({ ...request, rawQuery: "" }).kind).toBe("malformed");
  });

  test("and no text repeats what a stranger wrote", () => {
    const twice = "&X-Amz-%0D%0AEvil=1&X-Amz-%0D%0AEvil=1";
    expect(verify({ ...request, rawQuery: rawQuery + twice })).toEqual({
      kind: "malformed",
      text: "An X-Amz- parameter must be given only once.",
    });
  });
});

test("whatever is presigned is verified, and never with one character of its query changed", () => {
  const keys = cachedSigningKeys(2);
  const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });
  const dates = fc.date({ min: new Date("2000-01-01"), max: new Date("2100-01-01"), noInvalidDate: true });
  const property = fc.property(text, text, dates, fc.nat(), fc.nat(), (name, region, date, size, at) => {
    fc.pre(!region.includes("/"));
    const scope = { region, host: "h:1", method: "PUT", path: `/${uriEncode(name)}` };
    const query = presign(
      {
        ...scope,
        query: [[name, region]],
        headers: { "content-length": `${size}` },
        date,
        expires: 60,
        credentials,
      },
      keys,
    );
    const { path: rawPath } = scope;
    const header = headers({ "content-length": `${size}` });
    const given = { ...request, region, hosts: ["h:1"], rawPath, rawQuery: query, header, now: date };
    expect(verify(given, keys).kind).toBe("ok");
    const index = at % query.length;
    const other = query[index] === "0" ? "1" : "0";
    const changed = query.slice(0, index) + other + query.slice(index + 1);
    expect(verify({ ...given, rawQuery: changed }, keys).kind).not.toBe("ok");
  });
  fc.assert(property, { numRuns: 300, interruptAfterTimeLimit: 4000, markInterruptAsFailure: false });
});
