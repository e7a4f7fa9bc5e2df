import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Fixture, newToken, type RawAnswer, targetOf } from "../unit/http/http-fixture.ts";
import { bodyOf } from "./object-store.ts";

/** What the rows are about, made once. */
interface World {
  /** A text file of the ten bytes 0123456789. */
  readonly text: string;
  readonly token: string;
  readonly modified: string;
  readonly html: string;
  readonly expiring: string;
}

/** A request and what must come back. */
interface Row {
  readonly name: string;
  /** The head, without Host; lines end in "\n". A function where it needs the world. */
  readonly ask: string | ((world: World, fixture: Fixture) => string);
  readonly body?: string;
  readonly status: number;
  /** What a proxy answers by itself instead: its own status, without slotd's headers. */
  readonly proxied?: number;
  readonly headers?: Readonly<Record<string, string | RegExp | null>>;
  readonly content?: string;
}

const rows: readonly Row[] = [
  { name: "a file", ask: ({ text }) => `GET ${text}`, status: 200, content: "0123456789" },
  {
    name: "its headers",
    ask: ({ text }) => `GET ${text}`,
    status: 200,
    headers: {
      "accept-ranges": "bytes",
      "content-length": "10",
      "content-type": "text/plain",
      "content-disposition": `inline; filename="a.txt"; filename*=UTF-8''a.txt`,
      "cache-control": "public, max-age=31536000, immutable",
      etag: /^"[0-9a-f]{64}"$/,
      "last-modified": / GMT$/,
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "cross-origin",
    },
  },
  { name: "HEAD", ask: ({ text }) => `HEAD ${text}`, status: 200, headers: { "content-length": "10" } },
  {
    name: "a file that expires in an hour",
    ask: ({ expiring }) => `GET ${expiring}`,
    status: 200,
    headers: { "cache-control": "public, max-age=3600, immutable" },
  },
  {
    name: "HTML, as an attachment",
    ask: ({ html }) => `GET ${html}`,
    status: 200,
    headers: {
      "content-disposition": /^attachment; filename="tres.html"; filename\*=UTF-8''tr%C3%A8s\.html$/,
    },
  },
  ...ranges(),
  ...conditions(),
  ...methodsAndOrigins(),
  ...notThere(),
  ...uploads(),
  ...smuggling(),
  ...limits(),
];

function ranges(): Row[] {
  const range = (header: string, status: number, contentRange: string | null, content?: string): Row => ({
    name: `Range: ${header}`,
    ask: ({ text }) => `GET ${text}\nRange: ${header}`,
    status,
    headers: { "content-range": contentRange },
    ...(content === undefined ? {} : { content }),
  });
  return [
    range("bytes=0-1", 206, "bytes 0-1/10", "01"),
    range("bytes=5-", 206, "bytes 5-9/10", "56789"),
    range("bytes=-3", 206, "bytes 7-9/10", "789"),
    range("bytes=-100", 206, "bytes 0-9/10", "0123456789"),
    range("bytes=8-100", 206, "bytes 8-9/10", "89"),
    range("bytes=10-", 416, "bytes */10"),
    range("bytes=-0", 416, "bytes */10"),
    range("bytes=3-1", 200, null, "0123456789"),
    range("bytes=0-0,2-3", 200, null, "0123456789"),
    range("lines=0-1", 200, null, "0123456789"),
    {
      name: "a range with an If-Range that fits",
      ask: ({ text, token }) => `GET ${text}\nRange: bytes=0-1\nIf-Range: "${token}"`,
      status: 206,
      content: "01",
    },
    {
      name: "a range with an If-Range that does not",
      ask: ({ text }) => `GET ${text}\nRange: bytes=0-1\nIf-Range: "x"`,
      status: 200,
      content: "0123456789",
    },
    {
      name: "a range with an If-Range of the date",
      ask: ({ text, modified }) => `GET ${text}\nRange: bytes=0-1\nIf-Range: ${modified}`,
      status: 206,
    },
    {
      name: "HEAD with a range, which means nothing to it",
      ask: ({ text }) => `HEAD ${text}\nRange: bytes=0-1`,
      status: 200,
      headers: { "content-length": "10", "content-range": null },
    },
  ];
}

function conditions(): Row[] {
  const row = (condition: (world: World) => string, status: number, method = "GET"): Row => ({
    name: `${method} with ${condition({ text: "", token: "etag", modified: "its date", html: "", expiring: "" })}`,
    ask: (world) => `${method} ${world.text}\n${condition(world)}`,
    status,
    ...(status === 304
      ? { headers: { etag: /./, "cache-control": /immutable/, "content-length": null } }
      : {}),
  });
  return [
    row(({ token }) => `If-None-Match: "${token}"`, 304),
    row(({ token }) => `If-None-Match: "${token}"`, 304, "HEAD"),
    row(({ token }) => `If-None-Match: "x", W/"${token}"`, 304),
    row(() => "If-None-Match: *", 304),
    row(() => `If-None-Match: "x"`, 200),
    row(({ modified }) => `If-Modified-Since: ${modified}`, 304),
    row(() => "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT", 200),
    row(() => "If-Modified-Since: yesterday", 200),
    row(({ token }) => `If-Match: "${token}"`, 200),
    row(() => `If-Match: "x"`, 412),
    row(() => "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT", 412),
  ];
}

function methodsAndOrigins(): Row[] {
  return [
    {
      name: "a preflight",
      ask: ({ text }) =>
        `OPTIONS ${text}\nOrigin: https://chat.example\nAccess-Control-Request-Method: PUT\nAccess-Control-Request-Headers: authorization,cookie,expires,content-type`,
      status: 204,
      headers: {
        "access-control-allow-methods": "GET, HEAD, OPTIONS, PUT",
        "access-control-allow-headers": /^authorization, cookie, expires, content-type\b/i,
      },
    },
    ...["DELETE", "POST", "PATCH", "PROPFIND"].map(
      (method): Row => ({
        name: method,
        ask: ({ text }) => `${method} ${text}`,
        status: 405,
        headers: { allow: "GET, HEAD, OPTIONS, PUT" },
      }),
    ),
    {
      name: "an expectation that nobody can meet",
      ask: "PUT /x\nExpect: more\nContent-Length: 0",
      status: 417,
      proxied: 400,
    },
  ];
}

function notThere(): Row[] {
  const missing = (name: string, path: string | ((world: World) => string), proxied?: number): Row => ({
    name: `404: ${name}`,
    ask: (world) => `GET ${typeof path === "string" ? path : path(world)}`,
    status: 404,
    headers: { "cache-control": "no-store" },
    ...(proxied === undefined ? {} : { proxied }),
  });
  return [
    missing("an unknown token", `/${newToken()}/a.txt`),
    missing("another name", ({ token }) => `/${token}/b.txt`),
    missing("no name", ({ token }) => `/${token}/`),
    missing("more path", ({ text }) => `${text}/x`),
    missing("a double slash", ({ text }) => `/${text}`),
    missing("the token in capitals", ({ token }) => `/${token.toUpperCase()}/a.txt`),
    missing("dots", ({ token }) => `/${token}/..`),
    missing("encoded dots", ({ token }) => `/${token}/%2e%2e`),
    missing("dots out of the folder", "/../../etc/passwd", 400),
    missing("encoded dots out of the folder", "/%2e%2e/%2e%2e/etc/passwd", 400),
    missing("an encoded slash", ({ token }) => `/${token}/..%2f..%2fetc%2fpasswd`, 400),
    missing("a backslash", ({ token }) => `/${token}/..\\..\\x`),
    missing("NUL", ({ token }) => `/${token}/a.txt%00`, 400),
    missing("overlong UTF-8", ({ token }) => `/${token}/%c0%ae%c0%ae`),
    missing("broken UTF-8", ({ token }) => `/${token}/%ff`),
    missing("half an escape", ({ token }) => `/${token}/%2`, 400),
    missing("the folder of the objects", "/objects/00/"),
    missing("the key file", "/signing-keys.json"),
    missing("a name of 300 bytes", ({ token }) => `/${token}/${"x".repeat(300)}`),
  ];
}

function uploads(): Row[] {
  const put = (
    name: string,
    status: number,
    change: (target: string, world: World, fixture: Fixture) => string,
    body = "hello",
    more: Partial<Row> = {},
  ): Row => ({
    name: `PUT: ${name}`,
    ask: (world, fixture) => {
      const { putUrl } = fixture.slot({ filename: "très cool.txt", size: 5, contentType: "text/plain" });
      return `PUT ${change(targetOf(putUrl), world, fixture)}`;
    },
    body,
    status,
    ...more,
  });
  const right = "\nContent-Length: 5\nContent-Type: text/plain";
  return [
    put("as the slot says", 201, (target) => target + right, "hello", {
      headers: { location: /^\/[0-9a-f]{64}\/tr%C3%A8s%20cool\.txt$/ },
    }),
    put("without a length", 411, (target) => `${target}\nContent-Type: text/plain`, ""),
    put(
      "in chunks",
      411,
      (target) => `${target}\nContent-Type: text/plain\nTransfer-Encoding: chunked`,
      "5\r\nhello\r\n0\r\n\r\n",
      // A proxy that has all of it sends its length.
      { proxied: 201 },
    ),
    put("of another size", 400, (target) => `${target}\nContent-Type: text/plain\nContent-Length: 4`, "hell"),
    put("of another type", 415, (target) => `${target}\nContent-Type: text/html\nContent-Length: 5`),
    put("without a signature", 403, (target) => target.replace(/\?.*/, "") + right),
    put(
      "with a changed signature",
      403,
      (target) => target.replace(/.$/, (c) => (c === "0" ? "1" : "0")) + right,
    ),
    put("to another name", 403, (target) => target.replace("cool", "fool") + right),
    put("with one more parameter", 403, (target) => `${target}&a=b${right}`),
    put("to a path that is none", 400, (target) => target.replace(/[0-9a-f]{64}/, "x") + right),
    {
      name: "PUT: too late",
      ask: (_, fixture) => {
        const { putUrl } = fixture.slot({}, 60);
        fixture.clock = new Date(fixture.clock.getTime() + 61_000);
        return `PUT ${targetOf(putUrl)}\nContent-Length: 5`;
      },
      body: "hello",
      status: 410,
    },
    {
      name: "PUT: over the limit",
      ask: (_, fixture) => {
        fixture.maxFileSize = 100;
        return `PUT ${targetOf(fixture.slot({ size: 101 }).putUrl)}\nContent-Length: 101`;
      },
      body: "x".repeat(101),
      status: 413,
    },
    {
      name: "PUT: to a slot that has been used",
      ask: ({ token }, fixture) =>
        `PUT ${targetOf(fixture.slot({ token, size: 5 }).putUrl)}\nContent-Length: 5`,
      body: "hello",
      status: 409,
    },
  ];
}

function smuggling(): Row[] {
  const shape = (name: string, head: string, body = "", proxied?: number): Row => ({
    name: `refused: ${name}`,
    ask: `PUT /x\n${head}`,
    body,
    status: 400,
    headers: { connection: "close" },
    ...(proxied === undefined ? {} : { proxied }),
  });
  return [
    shape("two lengths", "Content-Length: 5\nContent-Length: 6", "hello", 400),
    shape("two lengths that are the same", "Content-Length: 5\nContent-Length: 5", "hello", 400),
    shape("a list as length", "Content-Length: 5, 5", "hello", 400),
    shape("a length and chunks", "Content-Length: 5\nTransfer-Encoding: chunked", "0\r\n\r\n", 400),
    shape("a length with a sign", "Content-Length: +5", "hello", 400),
    shape("a length in hex", "Content-Length: 0x5", "hello", 400),
    shape("a space before the colon", "Content-Length : 5", "hello", 400),
    shape("a folded header", "X-A: b\n Content-Length: 5", "hello", 400),
    shape("an unknown coding", "Transfer-Encoding: xchunked", "0\r\n\r\n", 501),
    shape("chunks twice", "Transfer-Encoding: chunked, chunked", "0\r\n\r\n", 501),
    shape("two hosts", "Host: a\nHost: b\nContent-Length: 0", "", 400),
  ];
}

function limits(): Row[] {
  return [
    { name: "a URL of 9,000 bytes", ask: `GET /${"x".repeat(9000)}`, status: 414 },
    { name: "a URL of 40,000 bytes", ask: `GET /${"x".repeat(40_000)}`, status: 414, proxied: 414 },
    {
      name: "40,000 bytes of headers",
      ask:
        `GET /x\n${"X-Y: ".padEnd(5000, "z")}\n`.repeat(1).trimEnd() + `\nX-Y: ${"z".repeat(5000)}`.repeat(8),
      status: 431,
    },
  ];
}

/**
 * Runs the table of requests against a running bucket.
 *
 * @param isProxied whether a reverse proxy stands before it.
 */
export function httpTable(name: string, isProxied: boolean, start: () => Promise<Fixture>): void {
  describe(name, () => {
    let fixture: Fixture;
    let world: World;
    beforeAll(async () => {
      fixture = await start();
      world = await makeWorld(fixture);
    });
    afterAll(() => fixture.stop());

    test.each(rows.map((row) => [row.name, row] as const))("%s", async (_, row) => {
      fixture.maxFileSize = undefined;
      const [line = "", ...headers] = (typeof row.ask === "string" ? row.ask : row.ask(world, fixture)).split(
        "\n",
      );
      const answer = await fixture.send([`${line} HTTP/1.1`, ...headers].join("\n"), row.body);
      if (isProxied && row.proxied !== undefined) {
        // Either says no.
        expect([row.proxied, row.status]).toContain(answer.status);
        return;
      }
      expectAnswer(answer, row, isProxied);
      expect((await fixture.files()).incoming).toEqual([]);
    });
  });
}

function expectAnswer(answer: RawAnswer, row: Row, isProxied: boolean): void {
  expect(answer.status, answer.body.toString().slice(0, 200)).toBe(row.status);
  expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  for (const [name, expected] of Object.entries(row.headers ?? {})) {
    const value = answer.headers.get(name);
    // The connection to a proxy's client is the proxy's affair.
    if (name === "connection" && isProxied) continue;
    if (expected instanceof RegExp) expect(value ?? "").toMatch(expected);
    else expect(value).toBe(expected);
  }
  if (row.content !== undefined) expect(answer.body.toString()).toBe(row.content);
  if (answer.status >= 400) expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
}

async function makeWorld(fixture: Fixture): Promise<World> {
  const store = async (filename: string, contentType: string, content: string, expiry?: Date) => {
    const token = newToken();
    await fixture.store.put({ token, filename, contentType, size: content.length, expiry }, bodyOf(content));
    return { token, path: `/${token}/${encodeURIComponent(filename)}` };
  };
  const text = await store("a.txt", "text/plain", "0123456789");
  const html = await store("très.html", "text/html", "<script>alert(1)</script>");
  const expiring = await store("b.txt", "text/plain", "x", new Date(fixture.clock.getTime() + 3_600_000));
  const head = await fixture.send(`HEAD ${text.path} HTTP/1.1`);
  const modified = head.headers.get("last-modified") ?? "";
  return { text: text.path, token: text.token, modified, html: html.path, expiring: expiring.path };
}
