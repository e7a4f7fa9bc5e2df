import { describe, expect, test } from "bun:test";
import type { HttpBucket } from "../../../../src/http/http-bucket.ts";
import type { UploadBucket } from "../../../../src/http/http-receiver.ts";
import { readRequestHead } from "../../../../src/http/request-head.ts";
import { uploadCheck } from "../../../../src/http/upload/upload-check.ts";
import { s3Bucket } from "../../../../src/store/s3/s3-bucket.ts";

const now = new Date("2026-06-01T12:00:00Z");
const key = { accessKeyId: "SHAREDKEY", secretAccessKey: "the key of both buckets" };

function bucketAt(...publicUrls: string[]): HttpBucket {
  return {
    publicUrls,
    store: { has: async () => false, put: async () => undefined },
    keys: [{ value: [key] }],
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

/** The URL of a slot at `publicUrl`, with the mark of its place or without. */
function putUrl(publicUrl: string, echoDeclared = true, accessKey = key): string {
  const bucket = s3Bucket({
    ...{ bucketUrl: publicUrl, region: "local", addAcl: false, echoDeclared },
    credentials: { current: () => accessKey },
  });
  const token = "0123456789abcdef".repeat(4);
  return bucket.slot({ token, filename: "a.txt", size: 5, contentType: undefined }, 60, now).putUrl;
}

function headOf(target: string, host: string, more: readonly string[] = []) {
  const head = readRequestHead("PUT", target, ["Host", host, "Content-Length", "5", ...more]);
  if ("kind" in head) throw new Error(head.text);
  return head;
}

describe("an upload to one of two buckets that share their keys", () => {
  const one = bucketAt("https://one.example");
  const two = bucketAt("https://two.example/files");
  const check = uploadCheck([one, two]);
  const admitted = (head: ReturnType<typeof headFor>): UploadBucket | undefined => {
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

describe("an upload where a thousand places share a key", () => {
  const urls = Array.from({ length: 1000 }, (_, at) =>
    at % 2 === 0 ? `https://up${at}.example` : `https://shared.example/d${at}`,
  );
  const buckets = urls.map((url) => bucketAt(url));
  const check = uploadCheck(buckets);
  const target = (url: string, putUrl: string, strip: string) =>
    putUrl.slice(new URL(url).origin.length + strip.length);

  test.each([
    ["as it was given", (url: string) => new URL(url).host, false],
    ["behind a proxy that changes the host", () => "10.0.0.1:5080", false],
    ["behind a proxy that sends the host of another place", () => "up500.example", false],
    ["behind a proxy that takes the prefix off", (url: string) => new URL(url).host, true],
    ["behind a proxy that does both", () => "10.0.0.1:5080", true],
  ])("goes to the place that its URL was signed for: %s", (_, hostOf, isStripped) => {
    for (const at of [0, 1, 501, 998, 999]) {
      const url = urls[at]!;
      const strip = isStripped ? new URL(url).pathname.replace(/\/$/, "") : "";
      const outcome = check(headOf(target(url, putUrl(url), strip), hostOf(url)), now);
      expect("kind" in outcome ? outcome : outcome.bucket).toBe(buckets[at]!);
    }
  });

  test("goes there without a mark too, when its host and path are as they were given", () => {
    for (const at of [0, 1, 998, 999]) {
      const url = urls[at]!;
      const outcome = check(headOf(target(url, putUrl(url, false), ""), new URL(url).host), now);
      expect("kind" in outcome ? outcome : outcome.bucket).toBe(buckets[at]!);
    }
  });

  test("is never let in with the mark of another place", () => {
    const url = urls[0]!;
    const mark = new URL(putUrl(urls[2]!)).searchParams.get("place");
    const forged = putUrl(url).replace(/place=[0-9a-f]{8}/, `place=${mark}`);
    for (const host of ["up0.example", "up2.example", "10.0.0.1"]) {
      expect(check(headOf(target(url, forged, ""), host), now)).toMatchObject({ kind: "bad-signature" });
    }
  });
});

describe("what a bad query is told", () => {
  const place = bucketAt("https://one.example");
  const far = { ...bucketAt("https://far.example"), region: "far" };
  const check = uploadCheck([place, far]);
  const textOf = (target: string, more: readonly string[] = []) => {
    const outcome = check(headOf(target, "one.example", more), now);
    return "kind" in outcome ? outcome.text : "admitted";
  };
  const good = putUrl("https://one.example").slice("https://one.example".length);

  test.each([
    ["is right", good, "admitted"],
    [
      "has another region",
      good.replace("%2Flocal%2F", "%2Felsewhere%2F"),
      "signed for another service, region",
    ],
    [
      "has a region where its key is not known",
      good.replace("SHAREDKEY", "NOKEY"),
      "a key that is not known here",
    ],
    [
      "is signed wrongly",
      good.replace(/.$/, (last) => (last === "0" ? "1" : "0")),
      "The signature of the URL is wrong",
    ],
    ["has a parameter twice", `${good}&X-Amz-Date=1`, "X-Amz-Date must be given only once"],
    ["is garbage", `${good}&%zz`, "name=value pairs in percent-encoded UTF-8"],
    ["has too many parameters", good + "&a".repeat(32), "at most 32 parameters"],
    ["is too long", `${good}&a=${"b".repeat(4096)}`, "at most 4096 bytes"],
  ])("%s", (_, target, text) => {
    expect(textOf(target)).toContain(text);
  });

  test("has signed headers that are too long", () => {
    const target = good.replace("content-length%3Bhost", "content-length%3Bhost%3Bx-long");
    expect(textOf(target, ["X-Long", "x".repeat(5000)])).toContain("at most 4096 bytes together");
  });
});

describe("keys that change", () => {
  const second = { accessKeyId: "SECONDKEY", secretAccessKey: "the one that came after" };
  const target = (accessKey: typeof key) =>
    putUrl("https://one.example", true, accessKey).slice("https://one.example".length);

  test("are known at once, and those that are gone are not", () => {
    const source = { value: [key] };
    const check = uploadCheck([{ ...bucketAt("https://one.example"), keys: [source] }]);
    const isLetIn = (accessKey: typeof key) =>
      !("kind" in check(headOf(target(accessKey), "one.example"), now));
    expect([isLetIn(key), isLetIn(second)]).toEqual([true, false]);
    source.value = [second, key];
    expect([isLetIn(key), isLetIn(second)]).toEqual([true, true]);
    source.value = [second];
    expect([isLetIn(key), isLetIn(second)]).toEqual([false, true]);
  });
});

test("what one URL opens in two buckets is looked for in both, and in no other", () => {
  const [one, two, other] = [
    bucketAt("https://one.example"),
    bucketAt("https://one.example"),
    bucketAt("https://other.example"),
  ];
  const outcome = uploadCheck([one, other, two])(
    headOf(putUrl("https://one.example").slice("https://one.example".length), "one.example"),
    now,
  );
  expect(outcome).toMatchObject({ bucket: one });
  expect("rivals" in outcome && outcome.rivals).toEqual([one, two]);
});
