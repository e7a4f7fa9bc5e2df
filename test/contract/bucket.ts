import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import type { Bucket } from "../../src/store/bucket.ts";

/** A bucket with the place that it signs for, running. */
export interface BucketUnderTest {
  readonly bucket: Bucket;
  /** The status of a PUT that succeeded: 200 on S3, 201 on slotd's own server. */
  readonly created: number;
  /** Fetches what is at a GET URL, with whatever that place needs to let it be read; 404 when there is nothing. */
  fetchObject(getUrl: string): Promise<{ status: number; body: Uint8Array; contentType: string | null }>;
}

/** The names that break others, and all characters that the policy lets through. */
export const hardNames: readonly string[] = [
  "plain.txt",
  "très cool.jpg",
  "tre\u0300s cool.jpg",
  "🐈‍⬛ and 🏳️‍🌈.webp",
  "日本語のファイル.png",
  "with space and + plus.txt",
  "it's (1) ~ fine!.txt",
  "100%.txt",
  "%20 is not a space%2Fno slash.txt",
  "#hash?question&and=equals;semi.txt",
  "a:b@c,d$e*f.txt",
  "[square] {curly} |pipe| ^caret^ `tick`.txt",
  '"quoted" <angle>.txt',
  " leading and trailing ",
  "...",
  ".hidden",
  "-dash",
  "e".repeat(255),
  "é".repeat(127),
  "\u00a0nbsp\u200bzwsp\u202ertl.txt",
];

/** Sends a PUT with exactly these headers and whatever Content-Length the body has. */
export async function put(
  url: string,
  body: Uint8Array<ArrayBuffer>,
  contentType?: string,
): Promise<Response> {
  const headers: Record<string, string> = contentType === undefined ? {} : { "content-type": contentType };
  const response = await fetch(url, { method: "PUT", body, headers });
  await response.arrayBuffer();
  return response;
}

/**
 * What every bucket promises: a slot takes the one file that it is for, whatever its name, and nothing else.
 * `get` is asked when the first test runs.
 */
export function bucketContract(name: string, get: () => BucketUnderTest): void {
  const token = () => randomBytes(16).toString("hex");
  const bytes = (size: number) => new Uint8Array(randomBytes(size));
  const slot = (size: number, contentType?: string, filename = "très cool.jpg", now = new Date()) =>
    get().bucket.slot({ token: token(), filename, size, contentType }, 60, now);

  describe(`${name}: a slot`, () => {
    test.each(hardNames)("takes a file named %j, and the same bytes come back", async (filename) => {
      const body = bytes(1_000);
      const { putUrl, getUrl } = slot(body.length, "image/jpeg", filename);
      expect(decodeURIComponent(getUrl.slice(getUrl.lastIndexOf("/") + 1))).toBe(filename);
      expect((await put(putUrl, body, "image/jpeg")).status).toBe(get().created);
      const fetched = await get().fetchObject(getUrl);
      expect(fetched.status).toBe(200);
      expect(Buffer.from(fetched.body).equals(body)).toBe(true);
      expect(fetched.contentType).toBe("image/jpeg");
    });

    test.each([
      ["an empty file", 0, "text/plain"],
      ["a type with a parameter", 10, "text/plain; charset=utf-8"],
      ["no declared type", 10, undefined],
      ["a large file", 3_000_000, "video/mp4"],
    ])("takes %s", async (_, size, contentType) => {
      const body = bytes(size);
      const { putUrl, getUrl } = slot(size, contentType);
      expect((await put(putUrl, body, contentType)).status).toBe(get().created);
      expect(Buffer.from((await get().fetchObject(getUrl)).body).equals(body)).toBe(true);
    });

    test("of no declared type takes whatever type the client sends", async () => {
      const { putUrl, getUrl } = slot(4);
      expect((await put(putUrl, bytes(4), "image/png")).status).toBe(get().created);
      expect((await get().fetchObject(getUrl)).contentType).toBe("image/png");
    });
  });

  const tampered = (change: (url: string) => string) => (url: string) => {
    const changed = change(url);
    if (changed === url) throw new Error("the test changed nothing");
    return changed;
  };
  const other = (hex: string) => (hex.startsWith("0") ? `1${hex.slice(1)}` : `0${hex.slice(1)}`);

  describe(`${name}: a slot refuses`, () => {
    test.each([
      ["a longer file", 101, "image/jpeg"],
      ["a shorter file", 99, "image/jpeg"],
      ["an empty file", 0, "image/jpeg"],
      ["another type", 100, "image/png"],
      ["no type", 100, undefined],
    ])("%s than it is for, and keeps nothing", async (_, size, contentType) => {
      const { putUrl, getUrl } = slot(100, "image/jpeg");
      const { status } = await put(putUrl, bytes(size), contentType);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
      expect((await get().fetchObject(getUrl)).status).toBe(404);
    });

    test.each([
      [
        "signature",
        tampered((url) => url.replace(/Signature=(.*)$/, (_, hex: string) => `Signature=${other(hex)}`)),
      ],
      ["name", tampered((url) => url.replace("cool.jpg", "cruel.jpg"))],
      ["token", tampered((url) => url.replace(/\/([0-9a-f]{32})\//, (_, hex: string) => `/${other(hex)}/`))],
      ["date", tampered((url) => url.replace(/Date=(\d{8}T)\d{6}Z/, "Date=$1000000Z"))],
      ["expiry", tampered((url) => url.replace("X-Amz-Expires=60", "X-Amz-Expires=600"))],
      ["key", tampered((url) => url.replace(/Credential=[^%]*/, "Credential=SOMEBODYELSE0000001"))],
    ])("a changed %s, and keeps nothing", async (_, change) => {
      const { putUrl, getUrl } = slot(100, "image/jpeg");
      const changed = change(putUrl);
      const { status } = await put(changed, bytes(100), "image/jpeg");
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
      expect((await get().fetchObject(getUrl)).status).toBe(404);
      expect((await get().fetchObject(changed.replace(/\?.*$/, ""))).status).toBe(404);
    });

    test("an upload after it has expired", async () => {
      const { putUrl, getUrl } = slot(100, "image/jpeg", "late.jpg", new Date(Date.now() - 61_000));
      const { status } = await put(putUrl, bytes(100), "image/jpeg");
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
      expect((await get().fetchObject(getUrl)).status).toBe(404);
    });
  });
}
