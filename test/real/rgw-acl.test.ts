import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { fixedCredentials } from "../../src/store/credentials.ts";
import { s3Bucket } from "../../src/store/s3/s3-bucket.ts";
import { put } from "../contract/bucket.ts";
import { type Rgw, startRgw } from "../peers/servers/rgw.ts";
import { startProxy } from "./proxy-under-test.ts";

let rgw: Rgw;
beforeAll(async () => {
  rgw = await startRgw();
}, 60_000);
afterAll(() => rgw?.stop());

const body = new Uint8Array(Buffer.from("hello"));
const newObject = () => ({
  token: randomBytes(16).toString("hex"),
  filename: "a.txt",
  size: 5,
  contentType: "text/plain",
});

describe("s3.add_acl on Ceph RGW, as docs/s3.md says it:", () => {
  test("in the query of a slot it is taken and ignored", async () => {
    const { bucketUrl, region } = rgw;
    const bucket = s3Bucket({ bucketUrl, region, credentials: fixedCredentials(rgw), addAcl: true });
    const { putUrl, getUrl } = bucket.slot(newObject(), 60, new Date());
    expect((await put(putUrl, body, "text/plain")).status).toBe(200);
    expect((await fetch(getUrl)).status).toBe(403);
  });

  test("as a header of slotd's own it makes the object public", async () => {
    const proxy = await startProxy(rgw, {}, true);
    try {
      const object = newObject();
      const { putUrl } = proxy.bucket.slot(object, 60, new Date());
      expect((await put(putUrl, body, "text/plain")).status).toBe(201);
      const response = await fetch(rgw.anonymousUrl(`${object.token}/${object.filename}`));
      expect([response.status, await response.text()]).toEqual([200, "hello"]);
    } finally {
      await proxy.server.stop(0);
    }
  });
});
