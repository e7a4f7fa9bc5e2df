import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { addressToken } from "../../../../src/address/address-token.ts";
import { filenameProblem } from "../../../../src/slot/slot-request.ts";
import { fixedCredentials } from "../../../../src/store/credentials.ts";
import { metadataOf, readMetadata } from "../../../../src/store/s3/address-metadata.ts";
import { s3Addressed } from "../../../../src/store/s3/s3-addressed.ts";

const token = addressToken("up.example.org/upload", "slot a");
const whole = { token, filename: "a.txt", size: 5, contentType: "text/plain" };

test("an object of slotd's own needs no metadata: its key says it all", () => {
  expect(metadataOf({ ...whole, token: "0".repeat(64), expiry: new Date(0) })).toEqual({});
});

test("whatever is a filename comes back, and fits into what S3 allows", () => {
  const filename = fc
    .string({ unit: "binary", minLength: 1, maxLength: 255 })
    .filter((text) => filenameProblem(text) === undefined);
  const second = fc
    .date({ min: new Date(0), max: new Date(Date.UTC(3000, 0)), noInvalidDate: true })
    .map((date) => {
      date.setMilliseconds(0);
      return date;
    });
  fc.assert(
    fc.property(filename, fc.option(second, { nil: undefined }), second, (name, expiry, created) => {
      const headers = metadataOf({ ...whole, filename: name, expiry, created });
      const text = Object.entries(headers).flat().join("");
      expect(text).toMatch(/^[\x20-\x7e]*$/);
      const counted = Object.entries(headers).filter(([header]) => header.startsWith("x-amz-meta-"));
      expect(counted.flat().join("").length).toBeLessThan(2048);
      const answered = new Headers({ ...headers, "content-type": "text/plain", "content-length": "5" });
      expect(readMetadata(token, answered)).toEqual({ ...whole, filename: name, expiry, created });
    }),
  );
});

describe("what others have put into the bucket", () => {
  const good = { ...metadataOf(whole), "content-length": "5", "content-type": "text/plain" };
  const read = (changed: Record<string, string>) => readMetadata(token, new Headers({ ...good, ...changed }));

  test.each(["", "..", "a%2Fb", "%ff", "%", "a%0Ab", "x".repeat(256)])(
    "is no file with the name %j",
    (name) => {
      expect(read({ "x-amz-meta-slotd-filename": name })).toBeUndefined();
    },
  );

  test("has an expiry that cannot be read: it has passed", () => {
    for (const text of ["", "never", "-1", "1e9", "9".repeat(13)])
      expect(read({ "x-amz-meta-slotd-expires": text })?.expiry).toEqual(new Date(0));
  });

  test("has a type that is none", () => {
    expect(read({ "content-type": "text/html; <script>" })?.contentType).toBe("application/octet-stream");
  });

  test("has no time but that of the object", () => {
    const modified = "Wed, 25 Nov 2026 10:00:00 GMT";
    expect(read({ "x-amz-meta-slotd-created": "soon", "last-modified": modified })?.created).toEqual(
      new Date(modified),
    );
  });
});

describe("one look at an object", () => {
  const lookWith = (answer: () => Promise<Response>) => {
    const urls: string[] = [];
    const objects = s3Addressed(
      {
        bucketUrl: "https://s3.example/bucket/pre",
        region: "r",
        credentials: fixedCredentials({ accessKeyId: "A", secretAccessKey: "s" }),
        transport: (url, { method }) => {
          urls.push(`${method} ${url.replace(/\?.*/, "")}`);
          return answer();
        },
      },
      { now: () => new Date() },
    );
    return { looked: objects.look(token), urls };
  };

  test("is one HEAD of a key that depends on the address alone", async () => {
    const { looked, urls } = lookWith(
      async () =>
        new Response(null, {
          headers: { ...metadataOf(whole), "content-length": "5", "content-type": "text/plain" },
        }),
    );
    expect(await looked).toMatchObject({ ...whole, expiry: undefined });
    expect(urls).toEqual([`HEAD https://s3.example/bucket/pre/${token}/file`]);
  });

  test.each([404, 403])("finds nothing where the store says %d", async (status) => {
    expect(await lookWith(async () => new Response(null, { status })).looked).toBeUndefined();
  });

  test.each([500, 301, 400])("finds out nothing where it says %d", async (status) => {
    const outcome = await lookWith(async () => new Response(null, { status })).looked.catch((error) => error);
    expect(outcome).toMatchObject({ code: "lookup" });
  });

  test("reads no more headers than an object can have", async () => {
    const headers = { ...metadataOf(whole), "content-length": "5", "x-amz-meta-other": "x".repeat(20_000) };
    const outcome = await lookWith(async () => new Response(null, { headers })).looked.catch(
      (error) => error,
    );
    expect(String(outcome)).toContain("too many headers");
  });

  test("says nothing of the URL when the store cannot be reached", async () => {
    const outcome = await lookWith(() => Promise.reject(new Error("no way"))).looked.catch((error) => error);
    expect(outcome).toMatchObject({ code: "lookup" });
    expect(String(outcome)).not.toContain(token);
  });
});
