import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { bodyOf } from "../../../contract/object-store.ts";
import { type Fixture, newToken, startFixture } from "../http-fixture.ts";

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startFixture();
});

afterAll(async () => {
  await fixture.stop();
});

async function stored(
  content: string | Buffer,
  contentType = "text/plain",
  filename = "a.txt",
): Promise<string> {
  const token = newToken();
  const size = Buffer.byteLength(content);
  await fixture.store.put({ token, filename, contentType, size }, bodyOf(content));
  return `/${token}/${encodeURIComponent(filename)}`;
}

describe("a download", () => {
  test("has the declared type, its length and headers that keep it harmless", async () => {
    const path = await stored("hello", "text/html", "très.html");
    const { status, headers, body } = await fixture.send(`GET ${path}?any=thing HTTP/1.1`);
    expect([status, body.toString()]).toEqual([200, "hello"]);
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-type": "text/html",
      "content-length": "5",
      "accept-ranges": "bytes",
      etag: `"${path.slice(1, 65)}"`,
      "cache-control": "public, max-age=31536000, immutable",
      "content-disposition": `attachment; filename="tres.html"; filename*=UTF-8''tr%C3%A8s.html`,
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "cross-origin",
      "access-control-allow-origin": "*",
    });
    expect(Math.abs(Date.parse(headers.get("last-modified")!) - Date.now())).toBeLessThan(60_000);
  });

  test("of a file that expires may be cached for the time that is left, and is a 404 like any other after it", async () => {
    const token = newToken();
    const started = fixture.clock;
    const expiry = new Date(started.getTime() + 3000);
    await fixture.store.put(
      { token, filename: "a.txt", contentType: "text/plain", size: 5, expiry },
      bodyOf("hello"),
    );
    const at = async (milliseconds: number, request: string) => {
      fixture.clock = new Date(started.getTime() + milliseconds);
      const { status, headers, body } = await fixture.send(`${request} HTTP/1.1`);
      const { date: _, ...rest } = Object.fromEntries(headers);
      return { status, body: body.toString(), ...rest };
    };
    try {
      expect(await at(0, `GET /${token}/a.txt`)).toMatchObject({
        status: 200,
        body: "hello",
        "cache-control": "public, max-age=3, immutable",
      });
      expect(await at(1001, `HEAD /${token}/a.txt`)).toMatchObject({
        status: 200,
        "cache-control": "public, max-age=1, immutable",
      });
      expect(await at(2999, `GET /${token}/a.txt`)).toMatchObject({
        status: 200,
        "cache-control": "public, max-age=0, immutable",
      });
      for (const method of ["GET", "HEAD"]) {
        const unknown = await at(3000, `${method} /${newToken()}/a.txt`);
        expect(unknown.status).toBe(404);
        expect(await at(3000, `${method} /${token}/a.txt`)).toEqual(unknown);
        const conditional = `${method} /${token}/a.txt HTTP/1.1\nIf-None-Match: "${token}"\nX: `;
        expect(await at(3000, conditional)).toEqual(unknown);
      }
    } finally {
      fixture.clock = started;
    }
  });

  test.each(["hello", "", "x".repeat(1_000_000)])(
    "has the same headers for HEAD, and no content (%#)",
    async (content) => {
      const path = await stored(content);
      const got = await fixture.send(`GET ${path} HTTP/1.1`);
      const head = await fixture.send(`HEAD ${path} HTTP/1.1\nRange: bytes=0-1`);
      const { date: _a, ...gotHeaders } = Object.fromEntries(got.headers);
      const { date: _b, ...headHeaders } = Object.fromEntries(head.headers);
      expect([head.status, head.body.length, headHeaders]).toEqual([200, 0, gotHeaders]);
      expect(got.body.toString() === content).toBe(true);
    },
  );

  test.each([
    ["bytes=0-0", 206, "bytes 0-0/1000000", "0"],
    ["bytes=999990-", 206, "bytes 999990-999999/1000000", "0123456789"],
    ["bytes=-3", 206, "bytes 999997-999999/1000000", "789"],
    ["bytes=5-8", 206, "bytes 5-8/1000000", "5678"],
    ["bytes=1000000-", 416, "bytes */1000000", undefined],
  ])("of the range %s is %d", async (range, status, contentRange, content) => {
    const path = await stored(Buffer.alloc(1_000_000, "0123456789"));
    const answer = await fixture.send(`GET ${path} HTTP/1.1\nRange: ${range}`);
    expect([answer.status, answer.headers.get("content-range")]).toEqual([status, contentRange]);
    if (content !== undefined) expect(answer.body.toString()).toBe(content);
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  });

  test("of a big range is exactly that range", async () => {
    const content = Buffer.alloc(
      3_000_000,
      Uint8Array.from({ length: 253 }, (_, i) => i),
    );
    const path = await stored(content);
    const answer = await fixture.send(`GET ${path} HTTP/1.1\nRange: bytes=123456-2345678`);
    expect(answer.body.equals(content.subarray(123_456, 2_345_679))).toBe(true);
  });

  test("of several ranges, or with an If-Range of another file, is the whole file", async () => {
    const path = await stored("hello");
    const several = await fixture.send(`GET ${path} HTTP/1.1\nRange: bytes=0-0, 2-3`);
    const other = await fixture.send(`GET ${path} HTTP/1.1\nRange: bytes=0-0\nIf-Range: "other"`);
    const same = await fixture.send(
      `GET ${path} HTTP/1.1\nRange: bytes=0-0\nIf-Range: "${path.slice(1, 65)}"`,
    );
    expect([several.status, other.status, same.status]).toEqual([200, 200, 206]);
    expect([several.body.toString(), other.body.toString(), same.body.toString()]).toEqual([
      "hello",
      "hello",
      "h",
    ]);
  });

  test("of what the client has is 304, and of what it does not mean 412", async () => {
    const path = await stored("hello");
    const etag = `"${path.slice(1, 65)}"`;
    const known = await fixture.send(`GET ${path} HTTP/1.1\nIf-None-Match: ${etag}`);
    expect([known.status, known.headers.get("etag"), known.body.length]).toEqual([304, etag, 0]);
    expect(known.headers.get("access-control-allow-origin")).toBe("*");
    const modified = (await fixture.send(`HEAD ${path} HTTP/1.1`)).headers.get("last-modified");
    const since = await fixture.send(`GET ${path} HTTP/1.1\nIf-Modified-Since: ${modified}`);
    const other = await fixture.send(`GET ${path} HTTP/1.1\nIf-Match: "other"`);
    expect([since.status, other.status]).toEqual([304, 412]);
  });

  test("of anything that is not there, or has another name, is the same 404, and not cached", async () => {
    const path = await stored("hello", "text/plain", "é.txt");
    const paths = [
      `/${newToken()}/a.txt`,
      path.replace(/[^/]*$/, "b.txt"),
      path.replace("%C3%A9", "e%CC%81"),
      path.replace(/\/[^/]*$/, "/"),
      `${path}/x`,
      `/${path}`,
      path.replace(/.{5}\//, "/"),
      "/",
      "/%00/%2e%2e",
      "/../../etc/passwd",
    ];
    for (const wrong of paths) {
      const { status, body, headers } = await fixture.send(`GET ${wrong} HTTP/1.1`);
      expect([wrong, status, body.toString()]).toEqual([
        wrong,
        404,
        "There is no such file here. Reference: ref1.\n",
      ]);
      expect([headers.get("cache-control"), headers.get("access-control-allow-origin")]).toEqual([
        "no-store",
        "*",
      ]);
      expect((await fixture.send(`HEAD ${wrong} HTTP/1.1`)).status).toBe(404);
    }
  });

  test("of a damaged file is 500, and none of it is served", async () => {
    const path = await stored("hello");
    await fixture.damage(path.slice(1, 65));
    const { status, body } = await fixture.send(`GET ${path} HTTP/1.1`);
    expect([status, body.toString()]).toEqual([
      500,
      "The server could not handle the request. The log of slotd has the cause. Reference: ref1.\n",
    ]);
    const event = await fixture.event("failed");
    expect(event).toMatchObject({ object: path.slice(1, 9), error: { code: "damaged" } });
  });

  test("that the client leaves is over, and its file is closed", async () => {
    const path = await stored(Buffer.alloc(20_000_000));
    const socket = connect(fixture.port, "127.0.0.1");
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await new Promise((resolve) => socket.once("data", resolve));
    socket.destroy();
    expect(await fixture.event("download-aborted")).toEqual({
      kind: "download-aborted",
      object: path.slice(1, 9),
    });
  });

  test("arrives whole however slowly the clients read, each its own", async () => {
    // No piece is like another: a buffer that is used again too early would show.
    const contents = [1, 2, 3].map((file) =>
      Buffer.from(Uint32Array.from({ length: 1_500_000 }, (_, i) => i * 4 + file).buffer),
    );
    contents.push(...[4, 5, 6].map((file) => Buffer.alloc(100_000, file)));
    const paths = await Promise.all(contents.map((content) => stored(content)));
    const read = (path: string) =>
      new Promise<Buffer>((resolve, reject) => {
        const chunks: Buffer[] = [];
        const socket = connect(fixture.port, "127.0.0.1");
        socket.on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          socket.pause();
          setTimeout(() => socket.resume(), chunks.length % 8 === 0 ? 1 : 0);
        });
        socket.on("error", reject).on("close", () => resolve(Buffer.concat(chunks)));
        const get = `GET ${path} HTTP/1.1\r\nHost: x\r\n`;
        socket.write(`${get}\r\n${get}Connection: close\r\n\r\n`);
      });
    const answers = await Promise.all(paths.map(read));
    for (const [i, answer] of answers.entries()) {
      const content = contents[i]!;
      expect(answer.subarray(-content.length).equals(content)).toBe(true);
      const first = answer.indexOf("\r\n\r\n") + 4;
      expect(answer.subarray(first, first + content.length).equals(content)).toBe(true);
    }
  }, 30_000);

  test("that the client does not read is ended", async () => {
    const impatient = await startFixture({ server: { stallTimeout: 0.1 } });
    try {
      const token = newToken();
      const about = { token, filename: "a", contentType: "a/b", size: 20_000_000 };
      await impatient.store.put(about, bodyOf(Buffer.alloc(20_000_000)));
      const socket = connect(impatient.port, "127.0.0.1").pause();
      socket.on("error", () => undefined);
      socket.write(`GET /${token}/a HTTP/1.1\r\nHost: x\r\n\r\n`);
      expect(await impatient.event("download-aborted")).toMatchObject({ object: token.slice(0, 8) });
      socket.destroy();
    } finally {
      await impatient.stop();
    }
  });
});
