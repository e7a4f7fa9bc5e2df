import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { privateBucketOf } from "../../../../src/http/download/redirect.ts";
import type { RequestHead } from "../../../../src/http/request-head.ts";
import { fixedCredentials } from "../../../../src/store/credentials.ts";
import { datedToken } from "../../../../src/store/object-token.ts";
import { s3Signer } from "../../../../src/store/s3/s3-signer.ts";
import { credentials, type Fixture, newToken, startFixture } from "../http-fixture.ts";

const start = Date.UTC(2030, 0, 1, 12, 0, 0);
const signer = s3Signer({
  bucketUrl: "https://s3.example/private",
  region: "eu-west-1",
  credentials: fixedCredentials(credentials),
  expiresIn: 300,
});

let fixture: Fixture;
beforeAll(async () => {
  const privateBuckets = [{ publicUrls: ["http://files.example"], signer }];
  fixture = await startFixture({ server: { privateBuckets } });
});
afterAll(() => fixture.stop());

async function get(token: string, milliseconds: number, method = "GET") {
  fixture.clock = new Date(start + milliseconds);
  const head = `${method} /${token}/a.txt HTTP/1.1\nHost: files.example`;
  const { status, headers, body } = await fixture.send(head);
  const location = headers.get("location");
  const signed = location === null ? undefined : new URL(location);
  return { status, signed, caching: headers.get("cache-control"), body: body.toString() };
}

describe("the GET URL of a private bucket, for an object that expires", () => {
  test("leads to a URL that does not outlive the object", async () => {
    const token = datedToken(newToken(), new Date(start + 10_000));
    const { status, signed, caching } = await get(token, 1_500);
    expect(status).toBe(302);
    expect(signed?.pathname).toBe(`/private/${token}/a.txt`);
    const signedAt = signed?.searchParams.get("X-Amz-Date");
    expect(signedAt).toBe("20300101T120000Z");
    // Until 12:00:09: a store counts in whole seconds, and 12:00:10.4 must not pass as 12:00:10.
    expect(signed?.searchParams.get("X-Amz-Expires")).toBe("9");
    expect(caching).toBe("no-store");
  });

  test.each(["GET", "HEAD"])(
    "is a 404 for %s from the second on, like any that is no URL of slotd's",
    async (method) => {
      const token = datedToken(newToken(), new Date(start + 10_000));
      expect((await get(token, 8_999, method)).status).toBe(302);
      const unknown = await get("nothing", 10_000, method);
      expect(unknown.status).toBe(404);
      for (const time of [9_000, 9_999, 10_000, 99_000])
        expect(await get(token, time, method)).toEqual(unknown);
    },
  );

  test("leads nowhere else when the time in it is changed: that is the address of another object", async () => {
    const token = datedToken(newToken(), new Date(start + 10_000));
    const later = token.replace(/\d$/, "9");
    expect((await get(later, 0)).signed?.pathname).toBe(`/private/${later}/a.txt`);
    const without = token.replace(/-.*/, "");
    expect((await get(without, 0)).signed?.pathname).toBe(`/private/${without}/a.txt`);
  });

  test("leads to a URL of the usual life when the end is far", async () => {
    const token = datedToken(newToken(), new Date(start + 86_400_000));
    expect((await get(token, 0)).signed?.searchParams.get("X-Amz-Expires")).toBe("300");
    expect((await get(newToken(), 0)).signed?.searchParams.get("X-Amz-Expires")).toBe("300");
  });
});

describe("a private bucket beside files on disk, on one host", () => {
  const bucket = { publicUrls: ["http://files.example/private"], signer };
  const choose = privateBucketOf([bucket], ["http://files.example/disk", "http://files.example/private/not"]);
  const at = (rawPath: string, host = "Files.example") => choose({ rawPath, host } as RequestHead);

  test.each([
    ["/private/t/a", true],
    ["/disk/t/a", false],
    ["/private/not/t/a", false],
    ["/t/a", false],
  ])("%s is for it: %p", (path, isPrivate) => {
    expect(at(path)).toBe(isPrivate ? bucket : undefined);
    expect(at(path, "other.example")).toBeUndefined();
  });
});
