import { afterEach, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { verifyUrls, type WrongUrl } from "../../../src/import/verify-urls.ts";

let server: Server | undefined;
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
});

/** Answers with `answer`, and gives its origin. */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const started = createServer(answer);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
}

async function verify(to: string, signal = new AbortController().signal) {
  const sha256 = createHash("sha256").update("content").digest("hex");
  const wrong: WrongUrl[] = [];
  async function* urls() {
    for (const name of ["a", "b", "c"]) yield { url: `http://old.example/${name}`, size: 7, sha256 };
  }
  const options = { to, parallel: 2, signal, onProgress: () => undefined };
  const verified = await verifyUrls(urls(), { ...options, onWrong: (each) => wrong.push(each) });
  return { verified, wrong };
}

test.each([429, 503])(
  "a URL that answers %d is asked for again when its Retry-After is over",
  async (status) => {
    const asked = new Map<string, number>();
    const origin = await serve(({ url = "" }, response) => {
      const times = (asked.get(url) ?? 0) + 1;
      asked.set(url, times);
      if (url === "/b" && times === 1) response.writeHead(status, { "Retry-After": "1" }).end();
      else response.end("content");
    });
    const { verified, wrong } = await verify(origin);
    expect(wrong).toEqual([]);
    expect(verified).toMatchObject({ checked: 3, wrong: 0, isWhole: true });
    expect(asked.get("/b")).toBe(2);
  },
);

test("without Retry-After, 503 is an answer", async () => {
  const origin = await serve((_, response) => response.writeHead(503).end());
  const { wrong } = await verify(origin);
  expect(wrong.map(({ wrong, detail }) => [wrong, detail])).toEqual(
    Array.from({ length: 3 }, () => ["status", "status 503"]),
  );
});

test("an interruption ends the wait", async () => {
  const stop = new AbortController();
  const origin = await serve((_, response) => {
    response.writeHead(503, { "Retry-After": "60" }).end();
    stop.abort();
  });
  const { verified, wrong } = await verify(origin, stop.signal);
  expect(wrong).toEqual([]);
  expect(verified).toMatchObject({ checked: 0, isWhole: false });
});
