import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { presign } from "../../../../src/sigv4/presign.ts";
import { type Files, nodeFiles } from "../../../../src/store/disk/disk-files.ts";
import {
  credentials,
  type Fixture,
  newToken,
  type RawAnswer,
  startFixture,
  targetOf,
} from "../http-fixture.ts";

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startFixture();
});

afterAll(async () => {
  await fixture.stop();
});

/** A PUT of this URL with these headers, sent with its body at once. */
function put(
  url: string,
  headers: string,
  body: string | Uint8Array = "hello",
  on = fixture,
): Promise<RawAnswer> {
  return on.send(`PUT ${targetOf(url)} HTTP/1.1\n${headers}`, body);
}

async function expectNothingKept(url: string): Promise<void> {
  const { incoming, objects } = await fixture.files();
  expect(incoming).toEqual([]);
  expect(objects).not.toContain(targetOf(url).split("/")[1]!);
}

function expectCors({ headers }: RawAnswer): void {
  expect(headers.get("access-control-allow-origin")).toBe("*");
  expect(headers.get("access-control-expose-headers")).toContain("Content-Length");
}

describe("an upload of a file that expires", () => {
  const soon = () => new Date(fixture.clock.getTime() + 3000);

  test("keeps the time in the object", async () => {
    const { putUrl, getUrl } = fixture.slot({ expiry: soon() });
    expect((await put(putUrl, "Content-Length: 5")).status).toBe(201);
    const object = await fixture.store.open(targetOf(getUrl).split("/")[1]!);
    expect(object?.expiry).toEqual(soon());
    await object?.close();
  });

  test("is refused with another time, or with none, and nothing is kept", async () => {
    const { putUrl } = fixture.slot({ expiry: soon() });
    const later = putUrl.replace(/expires-at=(\d+)/, (_, seconds) => `expires-at=${Number(seconds) + 1}`);
    for (const url of [later, putUrl.replace(/expires-at=\d+&/, "")]) {
      expect(url).not.toBe(putUrl);
      const answer = await put(url, "Content-Length: 5");
      expect([answer.status, answer.body.toString()]).toEqual([403, expect.stringContaining("signature")]);
      await expectNothingKept(url);
    }
  });

  test.each(["", "soon", "-1", "1e9", "9999999999999"])(
    "is refused when its signed time is %j",
    async (time) => {
      const { putUrl } = fixture.slot();
      const { pathname, host } = new URL(putUrl);
      const query = presign({
        ...{ method: "PUT", host, path: pathname, headers: {}, query: [["expires-at", time]] },
        ...{ date: fixture.clock, expires: 60, region: "local", credentials },
      });
      expect((await put(`${pathname}?${query}`, "Content-Length: 5")).status).toBe(403);
      await expectNothingKept(putUrl);
    },
  );

  test("is refused when its time is over, though the URL is still valid", async () => {
    const started = fixture.clock;
    const { putUrl } = fixture.slot({ expiry: soon() }, 60);
    try {
      fixture.clock = soon();
      expect((await put(putUrl, "Content-Length: 5")).status).toBe(410);
      await expectNothingKept(putUrl);
    } finally {
      fixture.clock = started;
    }
  });
});

describe("an upload", () => {
  test.each([
    ["a plain name", "a.txt"],
    ["a space and an accent", "très cool.jpg"],
    ["a decomposed accent", "tre\u0300s.jpg"],
    ["what URLs are made of", "a+b'(c)~%20%#?&=;:@,$*![]{}|^\"<>.txt"],
    ["an emoji", "\u{1f600}.png"],
    ["255 bytes", `${"é".repeat(127)}x`],
  ])("is stored with %s and comes back from the GET URL", async (_, filename) => {
    const { putUrl, getUrl } = fixture.slot({ filename, contentType: "image/jpeg" });
    const answer = await put(putUrl, "Content-Length: 5\nContent-Type: image/jpeg");
    expect([answer.status, answer.headers.get("location")]).toEqual([201, targetOf(getUrl)]);
    expectCors(answer);
    const back = await fixture.send(`GET ${targetOf(getUrl)} HTTP/1.1`);
    expect([back.status, back.body.toString(), back.headers.get("content-type")]).toEqual([
      200,
      "hello",
      "image/jpeg",
    ]);
  });

  test("works through fetch, which encodes and normalises in its own way", async () => {
    const filename = "très 'cool' (1)!.jpg";
    const { putUrl, getUrl } = fixture.slot({ filename, size: 1_000_000, contentType: "image/jpeg" });
    const body = Buffer.alloc(1_000_000, "slot");
    const headers = { "Content-Type": "image/jpeg" };
    expect((await fetch(putUrl, { method: "PUT", body, headers })).status).toBe(201);
    expect(Buffer.from(await (await fetch(getUrl)).arrayBuffer()).equals(body)).toBe(true);
  });

  test("may be empty", async () => {
    const { putUrl, getUrl } = fixture.slot({ size: 0 });
    expect((await put(putUrl, "Content-Length: 0", "")).status).toBe(201);
    const back = await fixture.send(`GET ${targetOf(getUrl)} HTTP/1.1`);
    expect([back.status, back.body.length]).toEqual([200, 0]);
  });

  test.each([
    ["Content-Type: text/x-own; a=b", "text/x-own; a=b"],
    ["Content-Type:", "application/octet-stream"],
    ["Content-Type: nonsense", "application/octet-stream"],
    [`Content-Type: text/${"x".repeat(300)}`, "application/octet-stream"],
    ["X-Other: 1", "application/octet-stream"],
  ])("that declared no type and is sent with %j becomes %s", async (header, expected) => {
    const { putUrl, getUrl } = fixture.slot();
    expect((await put(putUrl, `Content-Length: 5\n${header}`)).status).toBe(201);
    const back = await fixture.send(`GET ${targetOf(getUrl)} HTTP/1.1`);
    expect(back.headers.get("content-type")).toBe(expected);
  });

  test("may be signed by any S3 client: then the sent headers are verified themselves", async () => {
    const url = (size: string) => {
      const path = `/${newToken()}/a.txt`;
      const query = presign({
        method: "PUT",
        host: `127.0.0.1:${fixture.port}`,
        path,
        headers: { "content-length": size },
        date: fixture.clock,
        expires: 60,
        region: "local",
        credentials,
      });
      return `${fixture.origin}${path}?${query}`;
    };
    expect((await put(url("5"), "Content-Length: 5")).status).toBe(201);
    expect((await put(url("6"), "Content-Length: 5")).status).toBe(403);
  });
});

describe("an upload that is not as the slot says", () => {
  const type = "image/jpeg";
  const good = "Content-Length: 5\nContent-Type: image/jpeg";
  const same = (url: string) => url;
  const cases: readonly (readonly [string, (url: string) => string, string, number, string])[] = [
    [
      "is too long",
      same,
      `Content-Length: 6\nContent-Type: ${type}`,
      400,
      "The slot is for 5 bytes; the request announces 6.",
    ],
    [
      "is too short",
      same,
      `Content-Length: 0\nContent-Type: ${type}`,
      400,
      "The slot is for 5 bytes; the request announces 0.",
    ],
    [
      "has another type",
      same,
      "Content-Length: 5\nContent-Type: image/png",
      415,
      "is for the type image/jpeg; the request has image/png.",
    ],
    [
      "has no type",
      same,
      "Content-Length: 5",
      415,
      "is for the type image/jpeg; the request has no Content-Type.",
    ],
    ["has an empty type", same, "Content-Length: 5\nContent-Type:", 415, "has no Content-Type."],
    ["has a parameter more", same, `${good};a=b`, 415, "the request has image/jpeg;a=b."],
    [
      "comes in chunks",
      same,
      `Transfer-Encoding: chunked\nContent-Type: ${type}`,
      411,
      "Send the size of the file in Content-Length",
    ],
    ["has no length", same, `Content-Type: ${type}`, 411, "Send the size of the file in Content-Length"],
    ["has two lengths", same, `${good}\nContent-Length: 5`, 400, "more than one content-length header"],
    ["has two types", same, `${good}\nContent-Type: ${type}`, 400, "more than one content-type header"],
    ["has two hosts", same, `${good}\nHost: a\nHost: b`, 400, "more than one host header"],
    [
      "has another name",
      (url) => url.replace("a.txt", "b.txt"),
      good,
      403,
      "The signature of the URL is wrong.",
    ],
    [
      "has another token",
      (url) => url.replace(/\/[0-9a-f]{64}/, `/${newToken()}`),
      good,
      403,
      "The signature",
    ],
    [
      "has another signature",
      (url) => url.replace(/.$/, (c) => (c === "0" ? "1" : "0")),
      good,
      403,
      "The signature",
    ],
    [
      "has no signature",
      (url) => url.replace(/&X-Amz-Signature.*/, ""),
      good,
      403,
      "not the PUT URL of a slot",
    ],
    ["has no query", (url) => url.replace(/\?.*/, ""), good, 403, "not the PUT URL of a slot"],
    ["has a parameter more", (url) => `${url}&x=y`, good, 403, "The signature of the URL is wrong."],
    [
      "has another declared length",
      (url) => url.replace("content-length=5", "content-length=6"),
      good,
      403,
      "The signature",
    ],
    [
      "has another declared type",
      (url) => url.replace("image%2Fjpeg", "image%2Fpng"),
      good,
      403,
      "The signature",
    ],
    [
      "is valid for longer",
      (url) => url.replace("X-Amz-Expires=60", "X-Amz-Expires=600"),
      good,
      403,
      "The signature",
    ],
    [
      "is of an unknown key",
      (url) => url.replace("TESTKEY", "OTHER"),
      good,
      403,
      "a key that this server does not know",
    ],
    [
      "is for another region",
      (url) => url.replace("%2Flocal%2F", "%2Feu%2F"),
      good,
      403,
      "another service, region or day",
    ],
    [
      "has a dot segment",
      (url) => url.replace("/a.txt", "/../a.txt"),
      good,
      400,
      "The path is not the path of a slot",
    ],
    [
      "has a slash in disguise",
      (url) => url.replace("/a.txt", "/..%2fa.txt"),
      good,
      400,
      "The filename contains",
    ],
    ["has broken UTF-8", (url) => url.replace("/a.txt", "/%ff.txt"), good, 400, "not percent-encoded UTF-8"],
  ];

  test.each(cases)("%s: it is told so, and nothing is kept", async (_, bend, headers, status, text) => {
    const { putUrl } = fixture.slot({ contentType: type });
    const body = headers.includes("chunked")
      ? "5\r\nhello\r\n0\r\n\r\n"
      : headers.includes("Length: 0")
        ? ""
        : "hello";
    const answer = await put(bend(putUrl), headers, body);
    expect([answer.status, answer.body.toString()]).toEqual([status, expect.stringContaining(text)]);
    expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expectCors(answer);
    expect(answer.body.toString()).not.toContain(putUrl.slice(-64));
    await expectNothingKept(putUrl);
    expect((await put(putUrl, good)).status).toBe(201);
  });

  test.each(cases)("%s: no 100 (Continue) is sent", async (_, bend, headers, status) => {
    const { putUrl } = fixture.slot({ contentType: type });
    const answer = await put(bend(putUrl), `${headers}\nExpect: 100-continue`, "");
    expect([answer.status, answer.interim]).toEqual([status, []]);
    expectCors(answer);
  });

  test("is refused when the slot has expired, and when its time has not come", async () => {
    const { putUrl } = fixture.slot({}, 60);
    const begin = fixture.clock;
    try {
      fixture.clock = new Date(begin.getTime() + 61_000);
      const late = await put(putUrl, "Content-Length: 5");
      expect([late.status, late.body.toString()]).toEqual([410, expect.stringContaining("has expired")]);
      fixture.clock = new Date(begin.getTime() - 3_600_000);
      const early = await put(putUrl, "Content-Length: 5");
      expect([early.status, early.body.toString()]).toEqual([403, expect.stringContaining("not valid yet")]);
      expectCors(late);
    } finally {
      fixture.clock = begin;
    }
    await expectNothingKept(putUrl);
  });

  test("is refused when it is over the limit that is in force now", async () => {
    const { putUrl } = fixture.slot();
    fixture.maxFileSize = 4;
    const answer = await put(putUrl, "Content-Length: 5");
    fixture.maxFileSize = 5;
    expect([answer.status, answer.body.toString()]).toEqual([
      413,
      expect.stringContaining("at most 4 bytes are allowed"),
    ]);
    expect((await put(putUrl, "Content-Length: 5")).status).toBe(201);
    fixture.maxFileSize = undefined;
  });

  test("is refused when the slot has been used, and the first file stays", async () => {
    const { putUrl, getUrl } = fixture.slot();
    expect((await put(putUrl, "Content-Length: 5")).status).toBe(201);
    const again = await put(putUrl, "Content-Length: 5\nExpect: 100-continue", "");
    expect([again.status, again.interim, again.body.toString()]).toEqual([
      409,
      [],
      expect.stringContaining("has been used"),
    ]);
    expectCors(again);
    const back = await fixture.send(`GET ${targetOf(getUrl)} HTTP/1.1`);
    expect(back.body.toString()).toBe("hello");
  });

  test("gets 417 for an expectation that is not 100-continue", async () => {
    const { putUrl } = fixture.slot();
    const answer = await put(putUrl, "Content-Length: 5\nExpect: 200-ok");
    expect(answer.status).toBe(417);
    expectCors(answer);
  });
});

describe("a client", () => {
  test("that waits for 100 (Continue) gets it when the head is right", async () => {
    const { putUrl } = fixture.slot();
    const answer = await new Promise<string>((resolve, reject) => {
      let text = "";
      const socket = connect(fixture.port, "127.0.0.1", () =>
        socket.write(
          `PUT ${targetOf(putUrl)} HTTP/1.1\r\nHost: 127.0.0.1:${fixture.port}\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n`,
        ),
      );
      socket.on("error", reject).on("data", (chunk: Buffer) => {
        text += chunk.toString();
        if (text.endsWith("HTTP/1.1 100 Continue\r\n\r\n")) socket.write("hello");
        if (text.includes("201 Created")) resolve(text);
      });
    });
    expect(answer).toStartWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\n");
  });

  test("that sends megabytes at once reads the refusal, not a reset connection", async () => {
    const { putUrl } = fixture.slot({ size: 9_000_000 });
    const body = Buffer.alloc(8_000_000);
    for (let i = 0; i < 3; i += 1) {
      const answer = await put(putUrl, `Content-Length: ${body.length}`, body);
      expect([answer.status, answer.headers.get("connection")]).toEqual([400, "close"]);
    }
    await expectNothingKept(putUrl);
  });

  test("that drops the connection leaves nothing, and may use the slot again until it has succeeded", async () => {
    const { putUrl } = fixture.slot({ size: 200_000 });
    for (let i = 0; i < 3; i += 1) {
      const socket = connect(fixture.port, "127.0.0.1");
      const head = `PUT ${targetOf(putUrl)} HTTP/1.1\r\nHost: 127.0.0.1:${fixture.port}\r\nContent-Length: 200000\r\n\r\n`;
      socket.write(head);
      socket.write(Buffer.alloc(100_000));
      while ((await fixture.files()).incoming.length === 0)
        await new Promise((resolve) => setImmediate(resolve));
      socket.destroy();
      expect(await fixture.event("upload-aborted")).toMatchObject({ size: 200_000 });
      await expectNothingKept(putUrl);
    }
    expect((await put(putUrl, "Content-Length: 200000", Buffer.alloc(200_000))).status).toBe(201);
  });

  test("that stalls is told so and cut off, and nothing is kept", async () => {
    const impatient = await startFixture({ server: { stallTimeout: 0.1 } });
    try {
      const { putUrl } = impatient.slot();
      const answer = await put(putUrl, "Content-Length: 5", "hel", impatient);
      expect([answer.status, answer.headers.get("connection")]).toEqual([408, "close"]);
      expectCors(answer);
      expect(await impatient.files()).toEqual({ objects: [], incoming: [] });
    } finally {
      await impatient.stop();
    }
  });

  test("is one of twenty at once, and each gets its own file back", async () => {
    const uploads = Array.from({ length: 20 }, async (_, i) => {
      const body = Buffer.alloc(300_000, `${i};`);
      const { putUrl, getUrl } = fixture.slot({ size: body.length, filename: `${i}.bin` });
      expect((await put(putUrl, `Content-Length: ${body.length}`, body)).status).toBe(201);
      return (await fixture.send(`GET ${targetOf(getUrl)} HTTP/1.1`)).body.equals(body);
    });
    expect(await Promise.all(uploads)).toEqual(Array.from({ length: 20 }, () => true));
    expect((await fixture.files()).incoming).toEqual([]);
  });

  test("is the only one of many with one slot that gets 201", async () => {
    const { putUrl } = fixture.slot();
    const answers = await Promise.all(Array.from({ length: 10 }, () => put(putUrl, "Content-Length: 5")));
    expect(answers.map(({ status }) => status).sort()).toEqual([
      201,
      ...Array.from({ length: 9 }, () => 409),
    ]);
  });
});

describe("a store that cannot", () => {
  test.each([
    ["ENOSPC", 507, "The server has no space left"],
    ["EDQUOT", 507, "The server has no space left"],
    ["EROFS", 503, "accepts no uploads at present"],
    ["EIO", 500, "The server could not handle the request"],
  ])("(%s) is said with %d, after the body too", async (code, status, text) => {
    const link: Files["link"] = () => {
      throw Object.assign(new Error(code), { code });
    };
    const broken = await startFixture({ files: { ...nodeFiles, link } });
    try {
      const { putUrl } = broken.slot({ size: 2_000_000 });
      const answer = await put(putUrl, "Content-Length: 2000000", Buffer.alloc(2_000_000), broken);
      expect([answer.status, answer.body.toString()]).toEqual([status, expect.stringContaining(text)]);
      expectCors(answer);
      expect(await broken.files()).toEqual({ objects: [], incoming: [] });
      const event = await broken.event(status === 500 ? "failed" : "refused");
      expect(event).toMatchObject({ method: "PUT", object: targetOf(putUrl).slice(1, 9) });
    } finally {
      await broken.stop();
    }
  });

  test("is said to a client that waits for 100 (Continue) instead of that", async () => {
    const open: Files["open"] = (path, flags, mode) => {
      if (flags === "wx") throw Object.assign(new Error("full"), { code: "ENOSPC" });
      return nodeFiles.open(path, flags, mode);
    };
    const full = await startFixture({ files: { ...nodeFiles, open } });
    try {
      const { putUrl } = full.slot({ size: 8_000_000 });
      const answer = await put(putUrl, "Content-Length: 8000000\nExpect: 100-continue", "", full);
      expect([answer.status, answer.interim]).toEqual([507, []]);
    } finally {
      await full.stop();
    }
  });

  test("is said in the middle of the body, to a client that has sent all of it", async () => {
    const open: Files["open"] = (path, flags, mode) =>
      flags === "wx" ? nodeFiles.open("/dev/full", "w") : nodeFiles.open(path, flags, mode);
    const full = await startFixture({ files: { ...nodeFiles, open } });
    try {
      const { putUrl } = full.slot({ size: 8_000_000 });
      const answer = await put(putUrl, "Content-Length: 8000000", Buffer.alloc(8_000_000), full);
      expect(answer.status).toBe(507);
    } finally {
      await full.stop();
    }
  });
});

describe("a bucket with a path prefix", () => {
  test("is found with the prefix, and without it behind a proxy that took it off", async () => {
    const prefixed = await startFixture({ prefix: "/files/här" });
    try {
      for (const strip of [false, true]) {
        const { putUrl, getUrl } = prefixed.slot();
        const asSent = (url: string) =>
          strip ? targetOf(url).replace("/files/h%C3%A4r", "") : targetOf(url);
        const headers = `Content-Length: 5${strip ? "\nHost: inside.example" : ""}`;
        const answer = await prefixed.send(`PUT ${asSent(putUrl)} HTTP/1.1\n${headers}`, "hello");
        expect([answer.status, answer.headers.get("location")]).toEqual([201, targetOf(getUrl)]);
        expect((await prefixed.send(`GET ${asSent(getUrl)} HTTP/1.1`)).body.toString()).toBe("hello");
      }
    } finally {
      await prefixed.stop();
    }
  });
});

describe("the events", () => {
  test("tell what happened, and hold no token, name, query or signature", async () => {
    const observed = await startFixture();
    try {
      const { putUrl, getUrl } = observed.slot({ filename: "private-name.txt" });
      await put(putUrl, "Content-Length: 4", "hell", observed);
      await put(putUrl, "Content-Length: 5", "hello", observed);
      await observed.send(`GET ${targetOf(getUrl)} HTTP/1.1`);
      const object = targetOf(putUrl).slice(1, 9);
      await observed.event("served");
      expect(observed.events).toMatchObject([
        { kind: "refused", method: "PUT", status: 400, reason: "wrong-length" },
        { kind: "stored", object, size: 5 },
      ]);
      const text = JSON.stringify(observed.events);
      for (const secret of ["private-name", targetOf(putUrl).slice(1, 10), "X-Amz"])
        expect(text).not.toContain(secret);
    } finally {
      await observed.stop();
    }
  });
});
