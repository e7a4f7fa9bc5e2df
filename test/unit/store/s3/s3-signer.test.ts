import { describe, expect, test } from "bun:test";
import { verify } from "../../../../src/sigv4/verify.ts";
import type { TimedCredentials } from "../../../../src/store/credentials.ts";
import { s3Signer } from "../../../../src/store/s3/s3-signer.ts";

const key = { accessKeyId: "KEY", secretAccessKey: "secret" };
const as = { contentType: "image/png", contentDisposition: "inline; filename*=UTF-8''%C3%A4%20b.png" };
const object = { token: "00ff", filename: "ä b.png" };
const at = (time: string) => new Date(`2026-03-01T${time}Z`);

function signer(credentials: TimedCredentials | undefined = key, expiresIn = 300) {
  const bucketUrl = "https://s3.example/b";
  return s3Signer({ bucketUrl, region: "r", expiresIn, credentials: { current: () => credentials } });
}

/** What the store would find. */
function judge(url: string, method: string, now: Date) {
  const { host, pathname, search } = new URL(url);
  return verify({
    ...{ method, rawPath: pathname, rawQuery: search.slice(1), hosts: [host], region: "r", now },
    header: () => undefined,
    secretAccessKeyOf: (id) => (id === key.accessKeyId ? key.secretAccessKey : undefined),
  }).kind;
}

describe("a presigned GET", () => {
  test("is for one method and one object, and says how it is served", () => {
    const now = at("12:00:01");
    const url = signer().sign("GET", object, as, now) ?? "";
    expect(url).toStartWith("https://s3.example/b/00ff/%C3%A4%20b.png?");
    const query = new URL(url).searchParams;
    expect(query.get("response-content-type")).toBe(as.contentType);
    expect(query.get("response-content-disposition")).toBe(as.contentDisposition);
    expect([judge(url, "GET", now), judge(url, "HEAD", now)]).toEqual(["ok", "bad-signature"]);
    const head = signer().sign("HEAD", object, as, now) ?? "";
    expect([judge(head, "GET", now), judge(head, "HEAD", now)]).toEqual(["bad-signature", "ok"]);
    expect(judge(url.replace("image%2Fpng", "text%2Fhtml"), "GET", now)).toBe("bad-signature");
  });

  test("stays the same for half of its life, and has always half of it left", () => {
    const sign = (time: string) => signer().sign("GET", object, as, at(time)) ?? "";
    expect(sign("12:00:00")).toBe(sign("12:02:29"));
    expect(sign("12:02:30")).not.toBe(sign("12:02:29"));
    expect(judge(sign("12:02:29"), "GET", at("12:04:59"))).toBe("ok");
    expect(judge(sign("12:02:29"), "GET", at("12:05:01"))).toBe("expired");
  });

  test("ends with the credentials, and is none without", () => {
    const short = { ...key, expiration: at("12:00:10") };
    const url = signer(short).sign("GET", object, as, at("12:00:05")) ?? "";
    expect(new URL(url).searchParams.get("X-Amz-Expires")).toBe("10");
    expect(signer(short).sign("GET", object, as, at("12:00:10"))).toBeUndefined();
    expect(
      signer({ ...key, expiration: at("11:59:00") }).sign("GET", object, as, at("12:00:00")),
    ).toBeUndefined();
    const none = s3Signer({
      ...{ bucketUrl: "https://s3.example/b", region: "r", expiresIn: 300 },
      credentials: { current: () => undefined },
    });
    expect(none.sign("GET", object, as, at("12:00:00"))).toBeUndefined();
  });
});
