import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { fixedCredentials } from "../../src/store/credentials.ts";
import { s3Bucket } from "../../src/store/s3/s3-bucket.ts";
import { bucketContract, put } from "../contract/bucket.ts";
import { inventoryContract } from "../contract/inventory.ts";
import { s3ClientContract } from "../contract/s3-client.ts";
import { type Rgw, startRgw } from "../peers/servers/rgw.ts";
import { s3InventoryUnderTest, storeUnderTest } from "./s3-under-test.ts";

let rgw: Rgw;
beforeAll(async () => {
  rgw = await startRgw();
}, 60_000);
afterAll(() => rgw.stop());

bucketContract("Ceph RGW", () => storeUnderTest(rgw));
s3ClientContract("Ceph RGW", () => rgw);
inventoryContract("Ceph RGW", () => s3InventoryUnderTest(rgw));

describe("Ceph RGW: a bucket URL", () => {
  const object = { token: "00".repeat(16), filename: "très cool.jpg", size: 5, contentType: undefined };
  const body = new Uint8Array(Buffer.from("hello"));

  test.each(["", "/", "/some%20prefix/a+b", "/some%20prefix/a+b/"])("may end in %j", async (ending) => {
    const { region } = rgw;
    const bucketUrl = rgw.bucketUrl + ending;
    const bucket = s3Bucket({ bucketUrl, region, credentials: fixedCredentials(rgw), addAcl: false });
    const token = randomBytes(16).toString("hex");
    const { putUrl } = bucket.slot({ ...object, token }, 60, new Date());
    expect((await put(putUrl, body)).status).toBe(200);
    const prefix = ending.includes("prefix") ? "some prefix/a+b/" : "";
    expect(await rgw.listKeys()).toContain(`${prefix}${token}/très cool.jpg`);
  });

  test("may be of virtual-host style", async () => {
    const { region } = rgw;
    const bucketUrl = rgw.virtualHostUrl;
    const bucket = s3Bucket({ bucketUrl, region, credentials: fixedCredentials(rgw), addAcl: false });
    const { putUrl } = bucket.slot(object, 60, new Date());
    // The name is not known to every resolver, so the request goes to the address under that name.
    const { host } = new URL(putUrl);
    const url = putUrl.replace(host, new URL(rgw.endpoint).host);
    const { status } = await fetch(url, { method: "PUT", body, headers: { host } });
    expect(status).toBe(200);
    expect((await rgw.fetchObject(`${object.token}/très cool.jpg`)).status).toBe(200);
  });
});

test("anyone can GET an object of a public bucket by its GET URL", async () => {
  await rgw.makeBucketPublic();
  const { bucket } = storeUnderTest(rgw);
  const token = randomBytes(16).toString("hex");
  const { putUrl, getUrl } = bucket.slot(
    { token, filename: "it's (1).txt", size: 5, contentType: "text/plain" },
    60,
    new Date(),
  );
  await put(putUrl, new Uint8Array(Buffer.from("hello")), "text/plain");
  expect(await (await fetch(getUrl)).text()).toBe("hello");
});
