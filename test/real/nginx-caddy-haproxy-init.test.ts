import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { type RequestOptions, request } from "node:https";
import { addressToken } from "../../src/address/address-token.ts";
import { formerKinds } from "../../src/address/former-kinds.ts";
import { proxies } from "../../src/cli/init/proxies.ts";
import { bodyOf } from "../contract/object-store.ts";
import { freePorts } from "../peers/ports.ts";
import { waitUntil } from "../peers/process.ts";
import { type DocumentedProxy, startDocumentedProxy } from "../peers/servers/documented-proxy.ts";
import { type Fixture, startFixture, targetOf } from "../unit/http/http-fixture.ts";

describe.each(proxies)("slotd behind %s, configured as slotd init prints it,", (name) => {
  let proxy: DocumentedProxy;
  let fixture: Fixture;
  let port: number;
  let oldUrl: string;
  const clients: string[] = [];

  beforeAll(async () => {
    const [front = 0, listen = 0, old = 0] = await freePorts(3);
    port = front;
    oldUrl = `https://127.0.0.1:${old}/file_share`;
    const beside = `https://127.0.0.1:${front}/upload`;
    const oldUrls = [oldUrl, beside].map((url) => new URL(url));
    proxy = await startDocumentedProxy(name, front, `127.0.0.1:${listen}`, oldUrls);
    fixture = await startFixture({
      port: listen,
      prefix: "/up",
      addressed: (store) => [
        {
          urls: [oldUrl, beside],
          ...formerKinds.prosody,
          store: { kind: "folder", open: (token) => store.open(token) },
        },
      ],
      front: { port: front, ca: proxy.ca },
      server: {
        proxies: { has: (address) => address === "127.0.0.1" },
        onEvent: (_, { client }) => void clients.push(client),
      },
    });
  }, 30_000);
  afterAll(async () => {
    await fixture?.stop();
    await proxy?.stop();
  });

  /** Begins a request from another address of this machine, as a client elsewhere. */
  function begin(url: string, options: RequestOptions) {
    const sent = request({
      ...{ host: "127.0.0.1", localAddress: "127.0.0.2", agent: false, path: targetOf(url) },
      port: /^https:\/\/127\.0\.0\.1:(\d+)/.exec(url)?.[1] ?? port,
      ...{ ca: readFileSync(proxy.ca), ...options },
    });
    const answer = new Promise<IncomingMessage & { readonly body: Buffer }>((resolve, reject) => {
      sent.on("error", reject);
      sent.on("response", async (response) => {
        const body = Buffer.concat(await Array.fromAsync(response));
        resolve(Object.assign(response, { body }));
      });
    });
    return { sent, answer };
  }

  async function ask(url: string, options: RequestOptions = {}, body?: Uint8Array) {
    const { sent, answer } = begin(url, options);
    sent.end(body);
    return answer;
  }

  test("a file comes as it was sent, whole and in part, whatever its name", async () => {
    const body = randomBytes(1_000_000);
    for (const filename of ["a.bin", "très cool.jpg", "a %2F b;c=d+e.txt"]) {
      const { putUrl, getUrl } = fixture.slot({ size: body.length, filename });
      const headers = { "content-length": body.length };
      expect((await ask(putUrl, { method: "PUT", headers }, body)).statusCode).toBe(201);
      expect((await ask(getUrl)).body.equals(body)).toBe(true);
      const part = await ask(getUrl, { headers: { range: "bytes=10-19" } });
      expect([part.statusCode, part.body.equals(body.subarray(10, 20))]).toEqual([206, true]);
      const head = await ask(getUrl, { method: "HEAD" });
      expect([head.statusCode, head.headers["content-length"]]).toEqual([200, String(body.length)]);
    }
  });

  test("old URLs of a former service answer on their port and under their path, however they are encoded", async () => {
    const token = addressToken(oldUrl.replace("https://", ""), "slot Slot-1");
    const meta = { token, filename: "a.txt", size: 5, contentType: "text/plain" };
    await fixture.store.put(meta, bodyOf("hello"));
    const beside = `https://127.0.0.1:${port}/upload`;
    for (const base of [oldUrl, beside]) {
      for (const path of [
        "/Slot-1/a.txt",
        "/Slot%2d1/tr%C3%A8s%20cool.txt",
        "//Slot-1/a%2Fb%252F",
        "/Slot-1",
      ]) {
        const { statusCode, body } = await ask(`${base}${path}`);
        expect([path, statusCode, body.toString()]).toEqual([path, 200, "hello"]);
      }
      expect((await ask(`${base}/Slot-2/a.txt`)).statusCode).toBe(404);
    }
  });

  test("slotd sees the client's address", async () => {
    clients.length = 0;
    await ask(fixture.slot().getUrl);
    // What ended just before may be told only now.
    expect(new Set(clients)).toEqual(new Set(["127.0.0.2"]));
  });

  test("an upload reaches slotd while it is under way", async () => {
    const { putUrl } = fixture.slot({ size: 2_000_000 });
    const { sent, answer } = begin(putUrl, { method: "PUT", headers: { "content-length": 2_000_000 } });
    sent.write(new Uint8Array(1_000_000));
    await waitUntil("the file to be begun", async () => (await fixture.files()).incoming.length === 1);
    sent.end(new Uint8Array(1_000_000));
    expect((await answer).statusCode).toBe(201);
  });

  test("what is too large is refused by slotd, so that a web client can read why", async () => {
    fixture.maxFileSize = 1_000_000;
    const { putUrl } = fixture.slot({ size: 20_000_000 });
    const headers = { "content-length": 20_000_000, origin: "https://chat.example" };
    const { sent, answer } = begin(putUrl, { method: "PUT", headers });
    sent.flushHeaders();
    const refused = await answer;
    sent.destroy();
    expect([refused.statusCode, refused.headers["access-control-allow-origin"]]).toEqual([413, "*"]);
    expect(refused.body.toString()).toContain("at most 977 KiB are allowed");
  });
});
