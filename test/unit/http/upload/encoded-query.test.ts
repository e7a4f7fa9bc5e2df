import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { withEncodedQuery } from "../../../../src/http/upload/encoded-query.ts";
import { type Fixture, startFixture, targetOf } from "../http-fixture.ts";

/** What ejabberd up to 25.07 makes of the PUT URL that it is given; seen on 23.01. */
function encodedByEjabberd(target: string): string {
  return target.replace(/[^A-Za-z0-9_./:-]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

describe("a PUT URL that ejabberd has encoded once more", () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await startFixture();
  });
  afterAll(() => fixture.stop());

  const put = (target: string, body = "hello") =>
    fixture.send(`PUT ${target} HTTP/1.1\nContent-Length: ${body.length}`, body);

  test("works, once", async () => {
    const { putUrl, getUrl } = fixture.slot();
    const target = encodedByEjabberd(targetOf(putUrl));
    expect(target).not.toContain("?");
    const stored = await put(target);
    expect([stored.status, stored.headers.get("location")]).toEqual([201, new URL(getUrl).pathname]);
    expect((await put(target)).status).toBe(409);
    expect((await put(targetOf(putUrl))).status).toBe(409);
  });

  test("works when a client has decoded what a path may hold", async () => {
    const { putUrl } = fixture.slot();
    const target = encodedByEjabberd(targetOf(putUrl)).replace(/%3D/g, "=").replace(/%26/g, "&");
    expect(target).toContain("%3FX-Amz-Algorithm=AWS4-HMAC-SHA256&");
    expect((await put(target)).status).toBe(201);
  });

  test("is verified like any other", async () => {
    const { putUrl } = fixture.slot();
    const target = encodedByEjabberd(targetOf(putUrl));
    expect((await put(target, "hello!")).status).toBe(400);
    expect((await put(target.replace("a.txt", "b.txt"))).status).toBe(403);
    const last = target.at(-1)!;
    expect((await put(target.slice(0, -1) + (last === "0" ? "1" : "0"))).status).toBe(403);
    expect((await put(encodedByEjabberd(target))).status).toBe(400);
    expect((await put(target)).status).toBe(201);
  });
});

test.each([
  ["a query of its own", "/t/a%3FX-Amz-Algorithm%3Dx", "a=1"],
  ["a name with a question mark", "/t/what%3F.txt", ""],
  ["what is no UTF-8", "/t/a%3FX-Amz-Algorithm%3D%ff", ""],
])("a path with %s stays as it is", (_, rawPath, rawQuery) => {
  const head = { method: "PUT", rawPath, rawQuery, host: "h", header: () => undefined };
  expect(withEncodedQuery(head)).toBe(head);
});
