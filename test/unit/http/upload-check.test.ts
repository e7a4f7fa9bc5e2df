import { describe, expect, test } from "bun:test";
import type { HttpBucket } from "../../../src/http/http-bucket.ts";
import { readRequestHead } from "../../../src/http/request-head.ts";
import { uploadCheck } from "../../../src/http/upload-check.ts";
import { s3Bucket } from "../../../src/store/s3-bucket.ts";

const now = new Date("2026-06-01T12:00:00Z");
const key = { accessKeyId: "SHAREDKEY", secretAccessKey: "the key of both buckets" };

function bucketAt(...publicUrls: string[]): HttpBucket {
  return {
    publicUrls,
    store: { has: async () => false, put: async () => undefined },
    credentials: (id) => (id === key.accessKeyId ? key.secretAccessKey : undefined),
    region: "local",
    maxFileSize: () => undefined,
  };
}

/** The head of a PUT to a slot of the bucket at `publicUrl`, as it arrives with `host`. */
function headFor(publicUrl: string, host: string, strip = "") {
  const bucket = s3Bucket({
    bucketUrl: publicUrl,
    region: "local",
    credentials: { current: () => key },
    addAcl: false,
  });
  const token = "0123456789abcdef".repeat(4);
  const { putUrl } = bucket.slot({ token, filename: "a.txt", size: 5, contentType: undefined }, 60, now);
  const target = putUrl.slice(new URL(publicUrl).origin.length + strip.length);
  const head = readRequestHead("PUT", target, ["Host", host, "Content-Length", "5"]);
  if ("kind" in head) throw new Error(head.text);
  return head;
}

describe("an upload to one of two buckets that share their keys", () => {
  const one = bucketAt("https://one.example");
  const two = bucketAt("https://two.example/files");
  const check = uploadCheck([one, two]);
  const admitted = (head: ReturnType<typeof headFor>): HttpBucket | undefined => {
    const outcome = check(head, now);
    return "kind" in outcome ? undefined : outcome.bucket;
  };

  test.each([
    ["https://one.example", "one.example", one],
    ["https://two.example/files", "two.example", two],
  ])("goes to the bucket that its URL was signed for: %s", (publicUrl, host, bucket) => {
    expect(admitted(headFor(publicUrl, host))).toBe(bucket);
  });

  test.each([
    ["https://one.example", one, ""],
    ["https://two.example/files", two, ""],
    ["https://two.example/files", two, "/files"],
  ])("does so behind a proxy that changes the host: %s", (publicUrl, bucket, strip) => {
    expect(admitted(headFor(publicUrl, "127.0.0.1:5080", strip))).toBe(bucket);
  });

  test("is refused where its URL was not signed for", () => {
    expect(check(headFor("https://one.example", "three.example"), now)).toHaveProperty("bucket", one);
    expect(check(headFor("https://three.example", "two.example"), now)).toMatchObject({
      kind: "bad-signature",
    });
  });
});
