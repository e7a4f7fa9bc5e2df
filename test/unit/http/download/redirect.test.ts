import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { PrivateBucket } from "../../../../src/http/download/redirect.ts";
import { servedType } from "../../../../src/http/download/served-type.ts";
import {
  type HttpServer,
  type HttpServerOptions,
  startHttpServer,
} from "../../../../src/http/server/http-server.ts";
import type { ObjectSigner } from "../../../../src/store/object-signer.ts";
import { exchange } from "../http-fixture.ts";

describe("the type of a file of which only the name is known", () => {
  test.each([
    ["photo.JPG", "image/jpeg"],
    ["a.b.webm", "video/webm"],
    ["voice.opus", "audio/ogg"],
    ["notes.txt", "text/plain; charset=utf-8"],
    ["paper.pdf", "application/pdf"],
    ["photo", "application/octet-stream"],
    ["png", "application/octet-stream"],
    ["no.such-extension", "application/octet-stream"],
  ])("%s is %s", (filename, type) => {
    expect(servedType(filename)).toBe(type);
  });

  test.each([
    "x.html",
    "x.htm",
    "x.xhtml",
    "x.svg",
    "x.svgz",
    "x.xml",
    "x.js",
    "x.mjs",
    "x.css",
    "x.wasm",
    "x.rss",
    "x.shtml",
    "x.mathml",
  ])("%s is never one in which a script could run", (filename) => {
    expect(servedType(filename)).toBe("application/octet-stream");
  });
});

/** Says what it was asked for. */
function signerOf(name: string): ObjectSigner {
  return {
    sign: (method, { token, filename }, { contentType, contentDisposition }) =>
      `https://${name}.example/${token}/${encodeURIComponent(filename)}?${new URLSearchParams({ method, contentType, contentDisposition })}`,
  };
}

const token = "ab".repeat(32);

describe("a GET of a private bucket", () => {
  let server: HttpServer;
  let options: HttpServerOptions;
  const gone = "cd".repeat(32);
  const privateBuckets: PrivateBucket[] = [
    { publicUrls: ["https://one.example"], signer: signerOf("one"), isKept: async (each) => each !== gone },
    { publicUrls: ["https://two.example/files", "https://zwei.example"], signer: signerOf("two") },
    { publicUrls: ["https://two.example/other"], signer: signerOf("other") },
    { publicUrls: ["https://locked.example"], signer: { sign: () => undefined } },
  ];
  beforeAll(async () => {
    const listen = { host: "127.0.0.1", port: 0 };
    const deps = { now: () => new Date(), onEvent: () => undefined, reference: () => "ref" };
    options = { listen, buckets: [], privateBuckets, ...deps };
    server = await startHttpServer(options);
  });
  afterAll(() => server.stop());

  const ask = (path: string, host: string, method = "GET") =>
    exchange("port" in server.address ? server.address.port : 0, `${method} ${path} HTTP/1.1\nHost: ${host}`);

  test("is redirected to a URL that is signed for it", async () => {
    for (const method of ["GET", "HEAD"]) {
      const { status, headers, body } = await ask(`/${token}/tr%C3%A8s%20cool.png`, "one.example", method);
      expect([status, body.length]).toEqual([302, 0]);
      const location = new URL(headers.get("location") ?? "");
      expect(location.host + location.pathname).toBe(`one.example/${token}/tr%C3%A8s%20cool.png`);
      expect(Object.fromEntries(location.searchParams)).toEqual({
        method,
        contentType: "image/png",
        contentDisposition: "inline; filename=\"tres cool.png\"; filename*=UTF-8''tr%C3%A8s%20cool.png",
      });
      expect(headers.get("access-control-allow-origin")).toBe("*");
      expect(headers.get("cache-control")).toBe("no-store");
    }
  });

  test.each([
    ["two.example", `/files/${token}/a.png`, "two"],
    ["TWO.example", `/other/${token}/a.png`, "other"],
    ["zwei.example", `/${token}/a.png`, "two"],
    ["one.example", `/${token}/a.png?download=1`, "one"],
  ])("goes to the bucket of the host and path %s%s", async (host, path, bucket) => {
    const { status, headers } = await ask(path, host);
    expect([status, new URL(headers.get("location") ?? "").hostname]).toEqual([302, `${bucket}.example`]);
  });

  test.each([
    ["one.example", "/"],
    ["one.example", `/${token}`],
    ["one.example", `/${token}/`],
    ["one.example", `/${token}/a/b.png`],
    ["one.example", `/${token}/..`],
    ["one.example", `/${token}/%2e%2e%2fother`],
    ["one.example", `/${token.toUpperCase()}/a.png`],
    ["one.example", "/private-prefix/a.png"],
    ["one.example", `/${gone}/a.png`],
    ["unknown.example", `/${token}/a.png`],
  ])("signs nothing but an object that is kept: %s%s is 404", async (host, path) => {
    const { status, headers } = await ask(path, host);
    expect([status, headers.get("location")]).toEqual([404, null]);
    expect(headers.get("access-control-allow-origin")).toBe("*");
  });

  test("is 503 with CORS while there are no keys", async () => {
    const { status, headers } = await ask(`/${token}/a.png`, "locked.example");
    expect([status, headers.get("access-control-allow-origin")]).toEqual([503, "*"]);
  });

  test("of the only bucket there is may come under any host, as from a proxy that changes it", async () => {
    server.use({ ...options, privateBuckets: privateBuckets.slice(0, 1) });
    expect((await ask(`/${token}/a.png`, "127.0.0.1:5080")).status).toBe(302);
    server.use(options);
    expect((await ask(`/${token}/a.png`, "127.0.0.1:5080")).status).toBe(404);
  });
});
