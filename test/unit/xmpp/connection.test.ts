import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer as createTcpServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { Component } from "../../../src/xmpp/component.ts";
import type { ConnectTo } from "../../../src/xmpp/connection.ts";
import { Router } from "../../../src/xmpp/router.ts";
import type { StreamProblem } from "../../../src/xmpp/stream-problem.ts";
import { type Certificates, makeCertificates } from "../../peers/certificates.ts";

let folder: string;
let certificates: Certificates;
let tls: Server;
let plain: Server;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "slotd-connection-"));
  certificates = makeCertificates(folder, ["example.test"]);
  const [key, cert] = [readFileSync(certificates.key), readFileSync(certificates.chain)];
  tls = createTlsServer({ key, cert }, (socket) => socket.on("error", () => socket.destroy()));
  plain = createTcpServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("data", () => socket.end("<stream:stream>"));
  });
  // Every address of loopback leads to them.
  for (const server of [tls, plain])
    await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
});
afterAll(() => {
  for (const server of [tls, plain]) server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What a component says when it cannot connect. */
function problemWith(to: Omit<ConnectTo, "port">, server: Server): Promise<StreamProblem> {
  const { port } = server.address() as AddressInfo;
  const settings = { host: "upload.x", domain: "x", address: `${to.host}:${port}`, secret: "s" };
  const router = new Router(settings.host, []);
  return new Promise((resolve) => {
    const events = {
      online: () => undefined,
      offline: (problem: StreamProblem) => {
        void component.stop();
        resolve(problem);
      },
      failed: () => "",
      ignored: () => undefined,
    };
    const deps = { events, monotonic: () => performance.now(), random: Math.random };
    const component = new Component({ settings, connectTo: { ...to, port }, router }, deps);
    component.start();
  });
}

const trusting = () => ({ ca: readFileSync(certificates.ca, "utf8") });

test("a certificate of an authority that is not trusted: xmpp.tls_ca is what to set", async () => {
  const { kind, text } = await problemWith({ host: "127.0.0.1", tls: { ca: undefined } }, tls);
  expect(kind).toBe("unreachable");
  expect(text).toContain("set xmpp.tls_ca to the PEM file");
  expect(text).toContain("It must be valid for 127.0.0.1.");
});

test("a certificate for another name: the name in xmpp.address is what to correct", async () => {
  const { text } = await problemWith({ host: "127.0.0.2", tls: trusting() }, tls);
  expect(text).toContain("is not for 127.0.0.2: set xmpp.address to a name in the certificate");
});

test("a port without TLS: xmpp.tls is what to set", async () => {
  const { text } = await problemWith({ host: "127.0.0.1", tls: trusting() }, plain);
  expect(text).toContain("set xmpp.tls to false");
});
