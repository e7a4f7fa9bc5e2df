import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { join } from "node:path";
import { exchange, requestOf } from "../moves/exchange.ts";
import { makeCertificates } from "../peers/certificates.ts";
import { freePorts } from "../peers/ports.ts";
import { makeFolder, removeFolder } from "../peers/process.ts";
import { startNginxWith } from "../peers/servers/nginx-lines.ts";

let folder: string;
let port: number;
const ends: (() => unknown)[] = [];

/** Answers with what came. */
function echo(name: string) {
  return ({ url, headers }: IncomingMessage, response: ServerResponse) => {
    const text = [name, url, headers.host, headers.upgrade].join(" ");
    response.setHeader("Content-Length", Buffer.byteLength(text));
    response.end(text);
  };
}

beforeAll(async () => {
  folder = makeFolder("moving");
  const certificates = makeCertificates(folder, ["example.org"]);
  const [front = 0, slotd = 0, xmpp = 0] = await freePorts(3);
  port = front;
  const text = readFileSync(join(import.meta.dirname, "../../docs/moving.md"), "utf8");
  const block = /```nginx\n(.*?)```/s.exec(text)?.[1] ?? "";
  const own = block
    .replaceAll("listen 5443", `listen ${front}`)
    .replaceAll("[::]:5443", `[::]:${front}`)
    .replaceAll("127.0.0.1:5080", `127.0.0.1:${slotd}`)
    .replaceAll("127.0.0.1:15443", `127.0.0.1:${xmpp}`);
  const files = { key: readFileSync(certificates.key), cert: readFileSync(certificates.chain) };
  const plain = createServer(echo("slotd")).listen(slotd, "127.0.0.1");
  const tls = createTlsServer(files, echo("the XMPP server")).listen(xmpp, "127.0.0.1");
  const nginx = await startNginxWith(own, [front], certificates);
  ends.push(
    () => nginx.stop(),
    () => plain.close(),
    () => tls.close(),
    () => removeFolder(folder),
  );
});
afterAll(async () => {
  for (const end of ends) await end();
});

const ask = async (path: string, headers: Record<string, string> = {}) =>
  (await exchange(port, requestOf("GET", `https://example.org:5443${path}`, headers))).body.toString();

test("docs/moving.md: the old URLs reach slotd, with their host, port and path", async () => {
  expect(await ask("/upload/a/b%2Fc//d%25.jpg")).toBe("slotd /upload/a/b%2Fc//d%25.jpg example.org:5443 ");
});

test("docs/moving.md: all else reaches the XMPP server", async () => {
  expect(await ask("/ws", { Upgrade: "websocket" })).toBe("the XMPP server /ws example.org:5443 websocket");
  expect(await ask("/uploads")).toBe("the XMPP server /uploads example.org:5443 ");
});
