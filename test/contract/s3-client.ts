import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { s3Client } from "../../src/store/s3/s3-client.ts";
import type { S3Store } from "../peers/servers/s3-store.ts";
import { hardNames } from "./bucket.ts";

/** What slotd's own requests to a bucket promise on every store. `get` is asked when the first test runs. */
export function s3ClientContract(name: string, get: () => S3Store): void {
  const clientOf = (changes: Partial<S3Store> = {}) => {
    const { bucketUrl, region, accessKeyId, secretAccessKey } = { ...get(), ...changes };
    const credentials = () => ({ accessKeyId, secretAccessKey });
    return s3Client({ bucketUrl, region, credentials, now: () => new Date() });
  };
  const token = () => randomBytes(16).toString("hex");

  describe(`${name}: slotd's own client`, () => {
    test("sees the size of an object, and that there is none", async () => {
      const key = `${token()}/très cool & <more>.jpg`;
      await get().putObject(key, "hello");
      expect(await clientOf().headObject(key)).toEqual({ size: 5 });
      expect(await clientOf().headObject(`${key}2`)).toBeUndefined();
    });

    test("deletes an object, and does not mind when there is none", async () => {
      const key = `${token()}/it's (1) ~ fine!.txt`;
      await get().putObject(key, "hello");
      await clientOf().deleteObject(key);
      expect(await clientOf().headObject(key)).toBeUndefined();
      await clientOf().deleteObject(key);
    });

    test("deletes many objects of hard names at once, and no other", async () => {
      const folder = token();
      const keys = hardNames.map((each) => `${folder}/${each}`);
      await get().putObject(`${folder}/stays`, "hello");
      for (const key of keys) await get().putObject(key, "hello");
      expect(await clientOf().deleteObjects([...keys, `${folder}/never was there`])).toEqual([]);
      const left = (await get().listKeys()).filter((key) => key.startsWith(folder));
      expect(left).toEqual([`${folder}/stays`]);
    });

    test("says that it was refused when its secret is wrong", async () => {
      const client = clientOf({ secretAccessKey: "another-secret" });
      await expect(client.deleteObjects(["x/y"])).rejects.toMatchObject({
        name: "S3RequestError",
        code: "denied",
      });
      const answer = await client.send({ method: "GET", query: [["location", ""]] });
      expect([answer.status, answer.code]).toEqual([403, "SignatureDoesNotMatch"]);
    });

    test("never sends DELETE to the bucket itself", async () => {
      await expect(clientOf().send({ method: "DELETE" })).rejects.toThrow(RangeError);
      await expect(clientOf().deleteObject("")).rejects.toThrow(RangeError);
    });
  });
}
