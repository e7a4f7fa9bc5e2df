import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { request } from "node:http";
import { waitUntil } from "../peers/process.ts";
import type { S3Store } from "../peers/servers/s3-store.ts";
import { type ProxyUnderTest, startProxy } from "../real/proxy-under-test.ts";
import { bucketContract, put } from "./bucket.ts";

const token = () => randomBytes(16).toString("hex");

/** What uploads through slotd to a bucket promise, whatever the store behind. */
export function proxyContract(name: string, startStore: () => Promise<S3Store>): void {
  let store: S3Store;
  let proxy: ProxyUnderTest;
  beforeAll(async () => {
    store = await startStore();
    proxy = await startProxy(store);
  }, 60_000);
  afterAll(async () => {
    await proxy?.server.stop(0);
    await store?.stop();
  });

  bucketContract(`${name} through slotd`, () => proxy);

  const slot = (size: number, now = new Date()) =>
    proxy.bucket.slot({ token: token(), filename: "a b.bin", size, contentType: "image/png" }, 60, now);

  /** Begins a PUT and sends `sent` of its bytes. */
  const begin = (url: string, size: number, sent: Uint8Array) => {
    const { pathname, search } = new URL(url);
    const headers = { "content-type": "image/png", "content-length": size };
    const upload = request(proxy.origin, {
      method: "PUT",
      path: `${pathname}${search}`,
      headers,
      agent: false,
    });
    upload.on("error", () => undefined);
    upload.write(sent);
    return upload;
  };

  describe(`${name} through slotd:`, () => {
    test("an upload is answered with 201 and CORS", async () => {
      const { putUrl } = slot(5);
      const headers = { "content-type": "image/png", origin: "https://chat.example" };
      const response = await fetch(putUrl, { method: "PUT", body: "hello", headers });
      expect(response.status).toBe(201);
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
    });

    test("a second PUT with the same URL gets 409, and the first file stays", async () => {
      const { putUrl, getUrl } = slot(5);
      expect((await put(putUrl, Buffer.from("first"), "image/png")).status).toBe(201);
      expect((await put(putUrl, Buffer.from("secon"), "image/png")).status).toBe(409);
      expect(Buffer.from((await proxy.fetchObject(getUrl)).body).toString()).toBe("first");
    });

    test("of uploads to one slot at the same time exactly one is kept", async () => {
      const { putUrl, getUrl } = slot(300_000);
      const bodies = Array.from({ length: 4 }, () => new Uint8Array(randomBytes(300_000)));
      const answers = await Promise.all(bodies.map((body) => put(putUrl, body, "image/png")));
      const statuses = answers.map(({ status }) => status);
      expect(statuses.toSorted()).toEqual([201, 409, 409, 409]);
      const kept = Buffer.from((await proxy.fetchObject(getUrl)).body);
      expect(kept.equals(bodies[statuses.indexOf(201)]!)).toBe(true);
    });

    test("an upload that is cut in the middle leaves no object, and the URL still works", async () => {
      const body = randomBytes(4_000_000);
      const { putUrl, getUrl } = slot(body.length);
      const before = proxy.log.length;
      const upload = begin(putUrl, body.length, body.subarray(0, 2_500_000));
      await new Promise((resolve) => setTimeout(resolve, 300));
      upload.destroy();
      await waitUntil("slotd to notice", () =>
        proxy.log.slice(before).some((line) => line.includes("was interrupted")),
      );
      expect((await proxy.fetchObject(getUrl)).status).toBe(404);
      expect(await store.listKeys()).not.toContain(decodeURIComponent(new URL(getUrl).pathname.slice(1)));
      expect((await put(putUrl, new Uint8Array(body), "image/png")).status).toBe(201);
    });

    test.each([
      ["a wrong secret", { secretAccessKey: "wrong" }, /SignatureDoesNotMatch/],
      ["a bucket that is not there", { bucket: "nowhere" }, /NoSuchBucket/],
      ["an address where nothing listens", { endpoint: "http://127.0.0.1:9" }, /cannot be reached/],
    ])("%s is 502 with CORS, and the log has the store's reason", async (_, changes, reason) => {
      const wrong = await startProxy(store, changes);
      try {
        const object = { token: token(), filename: "x.png", size: 200_000, contentType: "image/png" };
        const { putUrl } = wrong.bucket.slot(object, 60, new Date());
        const response = await put(putUrl, new Uint8Array(200_000), "image/png");
        expect(response.status).toBe(502);
        expect(response.headers.get("access-control-allow-origin")).toBe("*");
        await waitUntil("slotd to log it", () => wrong.log.length > 0);
        const line = JSON.parse(wrong.log.at(-1) ?? "{}");
        expect(line).toMatchObject({ level: "warn", reason: "bad-gateway", status: 502 });
        expect(line.detail).toMatch(reason);
        expect(wrong.log.join("")).not.toContain("X-Amz-");
      } finally {
        await wrong.server.stop(0);
      }
    });
  });
}
